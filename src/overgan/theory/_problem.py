"""The shallow GAN of the paper's Section 2: G(z) = V ReLU(W z) against a linear discriminator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float

from overgan.errors import OverganError

Target = Literal["gaussian", "two_moons"]


@dataclass(frozen=True, eq=False, repr=False)
class ShallowGAN:
    """Latents, fixed outer weights, initial inner weights and the mean of the data; float64 copies, read-only.

    sigma_z: standard deviation of the latents' distribution N(0, σz² I), for simulations that draw fresh ones.

    Raises ValueError, naming the argument, if a shape does not fit, a size is 0 or a value is not finite.
    """

    Z: Float[np.ndarray, "n d"]
    V: Float[np.ndarray, "m k"]
    W0: Float[np.ndarray, "k d"]
    target: Float[np.ndarray, " m"]
    sigma_z: float | None = None

    def __post_init__(self) -> None:
        for name, ndim in (("Z", 2), ("V", 2), ("W0", 2), ("target", 1)):
            array = np.array(getattr(self, name), np.float64, order="C")
            if array.ndim != ndim:
                raise ValueError(f"{name} has {array.ndim} dimensions, expected {ndim}")
            if array.size == 0:
                raise ValueError(f"{name} has shape {array.shape}; every size must be at least 1")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has the value {array[~np.isfinite(array)][0]}; all values must be finite")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        expected = {"V": (len(self.target), len(self.W0)), "W0": (len(self.W0), self.Z.shape[1])}
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape} from the others")

        if self.sigma_z is not None:
            _check_deviation("sigma_z", self.sigma_z)

    def __repr__(self) -> str:
        (n, d), (m, k) = self.Z.shape, self.V.shape
        return f"ShallowGAN(n={n}, d={d}, m={m}, k={k})"

    @classmethod
    def gaussian(
        cls,
        n: int = 1000,
        d: int = 10,
        m: int = 10,
        k: int = 1000,
        seed: int = 0,
        *,
        sigma_z: float = 1.0,
        sigma_v: float = 1.0,
        sigma_w: float = 1.0,
        target: Target | Float[np.ndarray, " m"] = "gaussian",
    ) -> "ShallowGAN":
        """Random latents and weights with these standard deviations, drawn from one seed.

        target: an array, or "gaussian": the mean of n samples of N(μ, I_m), μ ~ N(0, I_m) (Fig. 2), or "two_moons": the
        mean of n points of scikit-learn's make_moons, m = 2 (Fig. 9).
        """
        for name, value in (("n", n), ("d", d), ("m", m), ("k", k)):
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")
        for name, sigma in (("sigma_z", sigma_z), ("sigma_v", sigma_v), ("sigma_w", sigma_w)):
            _check_deviation(name, sigma)
        # one stream for each array, so that problems that differ in k share the latents and the target
        latents, outer, inner, data = (np.random.default_rng([seed, stream]) for stream in range(4))
        if isinstance(target, str):
            target = _mean_of(target, n, m, data)
        return cls(
            Z=sigma_z * latents.standard_normal((n, d)),
            V=sigma_v * outer.standard_normal((k, m)).T,
            W0=sigma_w * inner.standard_normal((k, d)),
            target=target,
            sigma_z=sigma_z,
        )


def load_problem(path: str | Path) -> ShallowGAN:
    """The problem of an .npz file with the arrays Z (n, d), V (m, k), W0 (k, d) and target (m,); no code in it is run.

    Raises OverganError if the file is missing or no .npz, or an array is missing, of the wrong shape or no numbers.
    """
    names = ("Z", "V", "W0", "target")
    try:
        with Path(path).open("rb") as handle, np.load(handle) as file:
            missing = [name for name in names if name not in file]
            if missing:
                raise OverganError(f"{path} has no array {missing[0]}; it needs {', '.join(names)}, has {file.files}")
            arrays = {name: file[name] for name in names}
            for name, array in arrays.items():
                if array.dtype.kind not in "fiu":
                    raise OverganError(f"{path}: {name} is of type {array.dtype}; it must hold real numbers")
            return ShallowGAN(**arrays)
    except FileNotFoundError:
        raise OverganError(f"{path} is missing; write it with numpy.savez(path, Z=, V=, W0=, target=)") from None
    except OverganError:
        raise
    except (OSError, ValueError, AttributeError, TypeError, EOFError, BadZipFile) as error:
        raise OverganError(
            f"{path} is not a problem: {error}; write it with numpy.savez(path, Z=, V=, W0=, target=)"
        ) from None


def _check_deviation(name: str, sigma: float) -> None:
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(f"{name} is {sigma}; it must be positive and finite")


def _mean_of(target: str, n: int, m: int, random: np.random.Generator) -> Float[np.ndarray, " m"]:
    if target == "gaussian":
        mean: np.ndarray = random.standard_normal(m) + random.standard_normal((n, m)).mean(0)
        return mean
    if target != "two_moons":
        raise ValueError(f"target is {target!r}; it must be an array, 'gaussian' or 'two_moons'")
    if m != 2:
        raise ValueError(f"m is {m}; the two moons lie in a plane: m must be 2")
    from sklearn.datasets import make_moons  # here, because it takes a second

    points = make_moons(n, noise=0.05, random_state=int(random.integers(2**32)))[0]
    moons: np.ndarray = points.mean(0)
    return moons
