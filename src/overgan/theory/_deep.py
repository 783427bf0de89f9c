"""Deep generators with random-feature discriminators: the paper's Section 2.4."""

import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Num

from overgan.errors import OverganError
from overgan.own import explained, load_function

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False, repr=False)
class DeepFeatureGAN:
    """A generator G_θ against the discriminator D(x) = dᵀψ(x) on features ψ that are never trained (Section 2.4).

    What training matches is f(θ) = (1/n) Σ_i ψ(G_θ(z_i)) with y = mean ψ(x); all else is as for the shallow GAN.

    generator: any module, from latents (batch, …) to points (batch, …); θ are its parameters that require gradients.
    features: any module, from points to (batch, m).
    latents, data: (n, …) and (samples, …), arrays or tensors.
    memory: bytes that Jacobians, and what backward passes keep, may take.
    dtype: of the arithmetic, on the CPU. Results are float64 arrays either way.

    The modules and the latents are copied. The copies are in evaluation mode, without dropout and with the running
    statistics of batch normalization, so that f is one function of θ.

    Raises ValueError, naming the argument, for what is not a module, a generator without parameters to train, a shape
    that does not fit, and values that are not finite, whether given or computed.
    """

    generator: "torch.nn.Module"
    features: "torch.nn.Module"
    latents: Num[Any, "n *latent"]
    data: Num[Any, "samples *point"]
    memory: int = 2**30
    dtype: Literal["float64", "float32"] = "float64"
    target: Float[np.ndarray, " m"] = field(init=False)

    def __post_init__(self) -> None:
        if self.memory <= 0:
            raise ValueError(f"memory is {self.memory}; it must be a positive number of bytes")
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"dtype is {self.dtype!r}; it must be 'float64' or 'float32'")
        for name, change in (("generator", _module), ("features", _module), ("latents", _array), ("data", _array)):
            object.__setattr__(self, name, change(name, getattr(self, name), self.dtype))
        self.features.requires_grad_(False)
        if not self.theta0.size:
            raise ValueError("generator has no parameters that require gradients; at least one is needed")
        _check_networks(self)
        object.__setattr__(self, "target", _mean_of_data(self))

    def __repr__(self) -> str:
        return f"DeepFeatureGAN(n={len(self.latents)}, p={self.theta0.size}, m={len(self.target)})"

    @classmethod
    def gaussian(
        cls,
        n: int = 100,
        d: int = 10,
        m: int = 5,
        k: int = 256,
        seed: int = 0,
        *,
        depth: int = 2,
        points: int = 10,
        feature_depth: int = 1,
    ) -> "DeepFeatureGAN":
        """ReLU networks with Gaussian weights, drawn from one seed.

        The generator has `depth` hidden layers of width k, the features have feature_depth of 10 m units; 0 makes them
        linear. n latents are N(0, I_d); n points of data, in R^points, are N(μ, I) with μ ~ N(0, I). Weights have the
        variance 2/inputs, and biases are 0. Problems that differ in k share latents, features and data.
        """
        from overgan.theory._deep_random import gaussian_network  # here, because PyTorch takes seconds

        for name, size in (("n", n), ("d", d), ("m", m), ("k", k), ("depth", depth), ("points", points)):
            if size < 1:
                raise ValueError(f"{name} is {size}; it must be at least 1")
        if feature_depth < 0:
            raise ValueError(f"feature_depth is {feature_depth}; it must be at least 0")
        latents, trained, fixed, data = (np.random.default_rng([seed, stream]) for stream in range(4))
        return cls(
            generator=gaussian_network([d, *[k] * depth, points], trained),
            features=gaussian_network([points, *[10 * m] * feature_depth, m], fixed),
            latents=latents.standard_normal((n, d)),
            data=data.standard_normal(points) + data.standard_normal((n, points)),
        )

    @cached_property
    def theta0(self) -> Float[np.ndarray, " p"]:
        """θ_0: the generator's trained parameters, one after another in the order of `named_parameters`; read-only."""
        parts = [p.detach().double().numpy().ravel() for p in self.generator.parameters() if p.requires_grad]
        theta = np.concatenate([*parts, np.zeros(0)])
        theta.flags.writeable = False
        return theta

    @cached_property
    def latent_bytes(self) -> int:
        """What a forward pass keeps of each latent for the backward pass, measured."""
        from overgan.theory._deep_autograd import kept_bytes

        return max(1, kept_bytes(self, 2) - kept_bytes(self, 1))  # the weights are kept in both

    @property
    def batch(self) -> int:
        """Latents that one backward pass may take within half of the memory."""
        return min(len(self.latents), max(1, self.memory // 2 // self.latent_bytes))


def load_deep_problem(generator: str, features: str) -> DeepFeatureGAN:
    """The problem of two functions of the user's own, each named as `package.module:function`.

    generator: takes nothing and returns the generator and its latents (n, …). features: takes nothing and returns the
    feature network and the data (samples, …). Modules in the current folder are found too.

    Raises OverganError if a function cannot be imported, fails or returns something else, or the parts do not fit.
    """
    parts: list[tuple[Any, Any]] = []
    for option, name in (("--generator", generator), ("--features", features)):
        function = load_function(name, option)
        with explained(f"{option}: {name} fails"):
            returned = function()
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise OverganError(f"{option}: {name} must return a pair, a module and its inputs, not {type(returned)}")
        parts.append(returned)
    (generator_module, latents), (features_module, data) = parts
    for option, array in (("--generator", latents), ("--features", data)):
        if not hasattr(array, "shape"):
            raise OverganError(f"{option}: the inputs are a {type(array).__name__}; an array or a tensor is needed")
    try:
        return DeepFeatureGAN(generator_module, features_module, latents, data)
    except ValueError as error:
        raise OverganError(f"{generator} and {features}: {error}") from None


def _module(name: str, module: Any, dtype: str) -> "torch.nn.Module":
    import torch

    if not isinstance(module, torch.nn.Module):
        raise ValueError(f"{name} is a {type(module).__name__}; a torch.nn.Module is needed")
    return copy.deepcopy(module).to("cpu", getattr(torch, dtype)).eval()


def _array(name: str, values: Any, dtype: str) -> "torch.Tensor":
    import torch

    array = torch.tensor if isinstance(values, np.ndarray) else torch.as_tensor  # PyTorch warns of read-only arrays
    tensor = array(values).detach().to("cpu", getattr(torch, dtype), copy=name == "latents")
    if tensor.numel() == 0 or tensor.ndim == 0:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}; every size must be at least 1")
    if not tensor.isfinite().all():
        raise ValueError(f"{name} has the value {tensor[~tensor.isfinite()][0]}; all values must be finite")
    return tensor


def _check_networks(problem: DeepFeatureGAN) -> None:
    """Raise ValueError if the networks, on at most two inputs, do not take and give what they must."""
    points = _applied("generator", problem.generator, problem.latents[:2])
    generated = _applied("features", problem.features, points)
    of_data = _applied("features", problem.features, problem.data[:2])
    for features, inputs in ((generated, points), (of_data, problem.data[:2])):
        if features.ndim != 2 or len(features) != len(inputs) or not features.numel():
            raise ValueError(
                f"features gives shape {tuple(features.shape)} for {tuple(inputs.shape)}; ({len(inputs)}, m) is needed"
            )
    if generated.shape[1] != of_data.shape[1]:
        raise ValueError(
            f"features gives {generated.shape[1]} numbers for a generated point and {of_data.shape[1]} for one of data"
        )


def _applied(name: str, network: "torch.nn.Module", inputs: "torch.Tensor") -> "torch.Tensor":
    import torch

    try:
        with torch.no_grad():
            outputs = network(inputs)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{name} fails for shape {tuple(inputs.shape)} ({type(error).__name__}: {reason})") from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim == 0 or len(outputs) != len(inputs):
        given = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else f"a {type(outputs).__name__}"
        raise ValueError(f"{name} gives {given} for {tuple(inputs.shape)}; a tensor ({len(inputs)}, …) is needed")
    return outputs


def _mean_of_data(problem: DeepFeatureGAN) -> Float[np.ndarray, " m"]:
    """Mean ψ(x), read-only; raises ValueError if it, or f(θ_0), is not finite."""
    import torch

    from overgan.theory._deep_autograd import generated_mean

    with torch.no_grad():
        sums = [problem.features(x).double().sum(0) for x in problem.data.split(problem.batch)]
    y: np.ndarray = (torch.stack(sums).sum(0) / len(problem.data)).numpy()
    for name, what, mean in (("features", "y", y), ("generator", "f(θ)", generated_mean(problem, problem.theta0))):
        if not np.isfinite(mean).all():
            raise ValueError(f"{name} makes {what} {mean}; all values must be finite")
    y.flags.writeable = False
    return y
