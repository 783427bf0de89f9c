"""Deep generators with random-feature discriminators: the paper's Section 2.4."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Num

from overgan.check import check
from overgan.theory._dense import descend
from overgan.theory._problem import Ball, Basis, Draw, Engine, Grams, Iterates, Point, Updates, Weights

if TYPE_CHECKING:  # PyTorch takes seconds to import, so it is imported where it is used
    import torch

    import overgan.theory.deep._autograd


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

    Raises OverganError, naming the argument, for what is not a module, a generator without parameters to train, a shape
    that does not fit, and values that are not finite, whether given or computed.
    """

    generator: "torch.nn.Module"
    features: "torch.nn.Module"
    latents: Num[Any, "n *latent"]
    data: Num[Any, "samples *point"]
    memory: int = 2**30
    dtype: Literal["float64", "float32"] = "float64"
    target: Float[np.ndarray, " m"] = field(init=False)
    basis: ClassVar[Basis] = "estimated"

    def __post_init__(self) -> None:
        from overgan.theory.deep._networks import array, check_finite, check_networks, mean_of_data, module

        check(self.memory > 0, "memory", self.memory, "a positive number of bytes")
        check(self.dtype in ("float64", "float32"), "dtype", repr(self.dtype), "'float64' or 'float32'")
        for name, copied in (("generator", module), ("features", module), ("latents", array), ("data", array)):
            object.__setattr__(self, name, copied(name, getattr(self, name), self.dtype))
        self.features.requires_grad_(False)
        check(self.theta0.size, "generator", "without parameters that require gradients", "a module with some")
        check_networks(self.generator, self.features, self.latents[:2], self.data[:2])
        object.__setattr__(self, "target", mean_of_data(self.mean, self.data))
        check_finite("generator", "f(θ)", self.mean.mean(self.theta0))

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
        from overgan.theory.deep._networks import gaussian_network

        for name, size in (("n", n), ("d", d), ("m", m), ("k", k), ("depth", depth), ("points", points)):
            check(size >= 1, name, size, "at least 1")
        check(feature_depth >= 0, "feature_depth", feature_depth, "at least 0")
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

    @property
    def start(self) -> Weights:
        """The initial weights, θ_0."""
        return self.theta0

    def at(self, weights: Weights) -> Point:
        """The mean f(θ), and the map g -> J(θ)ᵀ g, a backward pass."""
        return self.mean.at(weights)

    def grams(self, weights: Weights, origin: Weights | None = None) -> Grams:
        """J Jᵀ at θ = weights, and, if there is an origin, D Dᵀ with D = J(θ) − J(origin) too, by m backward passes."""
        return self.mean.grams(weights, origin)

    def engine(self, name: Engine, latents: Draw, seed: int) -> Callable[[Updates], Iterates]:  # noqa: ARG002 — one
        """The dense loop, a forward and a backward pass a step; latents must be fixed."""
        check(latents == "fixed", "latents", latents, "fixed for a DeepFeatureGAN")
        return partial(descend, self.theta0, self.target, self.at)

    def norm_bound(self) -> float:
        """No upper bound on ‖J(θ)‖ for all θ is known: inf."""
        return np.inf

    def ball(self, reach: float) -> Ball:  # noqa: ARG002 — of any radius
        """The largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ that `ball_estimate` finds on a ball."""
        from overgan.theory.deep._ball import ball_estimate

        return lambda radius: ball_estimate(self, radius)[1:]

    @cached_property
    def mean(self) -> "overgan.theory.deep._autograd.FeatureMean":
        """The function f for PyTorch, differentiable, and how many latents of it are taken at once."""
        from overgan.theory.deep._autograd import FeatureMean

        return FeatureMean(self.generator, self.features, self.latents, self.memory)
