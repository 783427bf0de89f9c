"""The shallow GAN of the paper's Section 2: G(z) = V ReLU(W z) against a linear discriminator."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.memory import check_memory
from overgan.theory._dense import descend
from overgan.theory._problem import (
    Ball,
    Basis,
    Draw,
    Engine,
    Grams,
    Iterates,
    Point,
    Updates,
    Weights,
    check_size,
    check_values,
)
from overgan.theory.shallow._ball import ball_bound, norm_bound
from overgan.theory.shallow._geometry import Inner, Latents, Outer, mean_and_gradient, mean_gradients, population_mean

Target = Literal["gaussian", "two_moons"]
COPIES = 3  # of each array: drawn, multiplied, and as it is kept
FRESH_STREAM = 4  # of a seed; those of `gaussian` are below it


@dataclass(frozen=True, eq=False, repr=False)
class ShallowGAN:
    """A shallow GAN, a `Problem`.

    Z: latents, (n, d). V: fixed outer weights, (m, k). W0: initial values of the inner weights W, (k, d), which are
    trained. target: the mean of the data, (m,). These arrays are float64 copies, read-only.
    sigma_z: standard deviation of the latents' distribution N(0, σz² I), for simulations that draw fresh ones.

    Raises OverganError, naming the argument, if a shape does not fit, a size is 0, a value is not finite, or the
    largest is beyond 1e40, or, of Z or V, below 1e-40 and not 0: products would leave double precision.
    """

    Z: Latents
    V: Outer
    W0: Inner
    target: Float[np.ndarray, " m"]
    sigma_z: float | None = None
    basis: ClassVar[Basis] = "proven"

    def __post_init__(self) -> None:
        for name, ndim in (("Z", 2), ("V", 2), ("W0", 2), ("target", 1)):
            array = np.array(getattr(self, name), np.float64, order="C")
            check(array.ndim == ndim, name, f"of {array.ndim} dimensions", f"of {ndim}")
            check_values(name, array)
            check_size(name, array, 1e-40 if name in "ZV" else 0.0, 1e40)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        k, m, d = len(self.W0), len(self.target), self.Z.shape[1]
        for name, given, fitting in (("V", self.V.shape, (m, k)), ("W0", self.W0.shape, (k, d))):
            check(given == fitting, name, f"of shape {given}", f"of shape {fitting} from the others")
        check(self.sigma_z is None or 0 < self.sigma_z < np.inf, "sigma_z", self.sigma_z, "positive and finite")

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
            check(value >= 1, name, value, "at least 1")
        for name, numbers in (("n", n * d), ("k", k * (d + m))):
            check_memory(COPIES * 8 * numbers, name, {"n": n, "k": k}[name])
        for name, sigma in (("sigma_z", sigma_z), ("sigma_v", sigma_v), ("sigma_w", sigma_w)):
            check(0 < sigma < np.inf, name, sigma, "positive and finite")
        # one stream for each array, so that problems that differ in k share the latents and the target
        latents, outer, inner, data = (np.random.default_rng([seed, stream]) for stream in range(4))
        return cls(
            Z=sigma_z * latents.standard_normal((n, d)),
            V=sigma_v * outer.standard_normal((k, m)).T,
            W0=sigma_w * inner.standard_normal((k, d)),
            target=_mean_of(target, n, m, data) if isinstance(target, str) else target,
            sigma_z=sigma_z,
        )

    @property
    def start(self) -> Weights:
        """The initial weights, W_0."""
        return self.W0

    def at(self, weights: Weights) -> Point:
        """The mean f(W), and the map g -> J(W)ᵀ g."""
        return mean_and_gradient(self.Z, self.V, weights)

    def grams(self, weights: Weights, origin: Weights | None = None) -> Grams:
        """J Jᵀ at W = weights, and, if there is an origin, D Dᵀ with D = J(W) − J(origin) too (eq. 34)."""
        s = mean_gradients(self.Z, weights)
        rows = [s] if origin is None else [s, s - mean_gradients(self.Z, origin)]
        return np.array([(self.V * (x**2).sum(1)) @ self.V.T for x in rows])

    def engine(self, name: Engine, latents: Draw, seed: int) -> Callable[[Updates], Iterates]:
        """The event-driven engine ("exact"), or the dense loop where it must be: by autograd, or with fresh latents.

        Raises OverganError if latents are to be fresh and sigma_z is not known.
        """
        if name == "exact" and latents == "fixed":
            from overgan.theory.shallow import _event_driven  # here, because numba takes a second

            return partial(_event_driven.descend, self.Z, self.V, self.W0, self.target)
        at = mean_and_gradient
        if name == "autograd":
            from overgan.theory.shallow._autograd import differentiate as at  # here, because PyTorch takes seconds
        if latents == "fixed":
            return partial(descend, self.W0, self.target, partial(at, self.Z, self.V))
        check(self.sigma_z is not None, "sigma_z", None, "given to draw fresh latents")
        sigma, random = self.sigma_z or 0.0, np.random.default_rng([seed, FRESH_STREAM])

        def at_drawn(W: np.ndarray) -> Point:
            return at(sigma * random.standard_normal(self.Z.shape), self.V, W)

        return partial(descend, self.W0, self.target, at_drawn, shown_mean=partial(population_mean, sigma, self.V))

    def norm_bound(self) -> float:
        """An upper bound on ‖J(W)‖ for all W."""
        return norm_bound(self)

    def ball(self, reach: float) -> Ball:
        """Proven bounds on ‖J(W) − J(W_0)‖ and ‖J(W)‖ for balls up to that radius; beyond it the first may be inf."""
        bound = ball_bound(self, reach if reach < np.linalg.norm(self.W0, axis=1).max() else np.inf)
        norm = self.norm_bound()
        return lambda radius: (bound.change(radius), norm)


def paired(problem: ShallowGAN) -> ShallowGAN:
    """Twice as wide, each unit once with v_l and once with −v_l: f(W_0) = 0, so that only the target is to be learned.

    ‖r_0‖ = ‖x̄‖ then does not grow with k. As V is drawn symmetrically, each unit is distributed as before.
    """
    return replace(problem, V=np.hstack([problem.V, -problem.V]), W0=np.vstack([problem.W0, problem.W0]))


def _mean_of(target: str, n: int, m: int, random: np.random.Generator) -> Float[np.ndarray, " m"]:
    if target == "gaussian":
        return np.asarray(random.standard_normal(m) + random.standard_normal((n, m)).mean(0))
    check(target == "two_moons", "target", repr(target), "an array, 'gaussian' or 'two_moons'")
    check(m == 2, "m", m, "2, as the two moons lie in a plane")
    from sklearn.datasets import make_moons  # here, because it takes a second

    return np.asarray(make_moons(n, noise=0.05, random_state=int(random.integers(2**32)))[0].mean(0))
