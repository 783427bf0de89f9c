"""What the theory asks of a GAN: the `Problem` protocol, and the values that pass through it."""

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int64

from overgan.check import check
from overgan.errors import OverganError

Method = Literal["gda", "optimal", "alternating"]
Engine = Literal["exact", "autograd"]
Draw = Literal["fixed", "fresh"]
Basis = Literal["proven", "estimated"]

Weights = Float[np.ndarray, "*weights"]
Grams = Float[np.ndarray, "which m m"]
Ball = Callable[[float], tuple[float, float]]  # radius -> the largest ‖J(θ) − J_0‖ and ‖J(θ)‖ for ‖θ − θ_0‖ ≤ radius


class Point(NamedTuple):
    """What a step of GDA needs to know of f at some weights."""

    f: np.ndarray  # (m,)
    pull_back: Callable[[np.ndarray], np.ndarray]  # g -> J(θ)ᵀ g; called at every step, so without shapes to check
    active: np.ndarray | None = None  # which units are active at which latents, where sign changes are counted


class Updates(NamedTuple):
    """The steps of GDA that are asked for (see `simulate`)."""

    method: Method
    steps: int
    mu: float
    eta: float
    critic_steps: int
    stop_below: float  # a residual, relative to the first one, at which to end; negative: never
    record: Int64[np.ndarray, " asked"]  # steps at which the state is kept
    d_0: Float[np.ndarray, " m"]


class Iterates(NamedTuple):
    """What those steps left; "kept" are the recorded steps that the run came to."""

    residual_norm: Float[np.ndarray, " norms"]
    sign_changes: int
    d: Float[np.ndarray, " m"]
    W: Weights
    kept_residual: Float[np.ndarray, "kept m"]
    kept_d: Float[np.ndarray, "kept m"]
    kept_W: Float[np.ndarray, "kept *weights"]


@runtime_checkable
class Problem(Protocol):
    """A GAN with the generator's mean f: R^p → R^m, a discriminator dᵀx, and the mean of the data to match.

    Theorem A.4 is about any such f. Whatever has these members can be simulated, linearized and certified; `ShallowGAN`
    and `DeepFeatureGAN` do. The weights θ are an array of any shape. All arrays are float64.
    """

    @property
    def target(self) -> Float[np.ndarray, " m"]:
        """The mean of the data, x̄."""

    @property
    def start(self) -> Weights:
        """The initial weights, θ_0."""

    @property
    def basis(self) -> Basis:
        """Whether `ball` gives upper bounds ("proven") or the largest values that were found ("estimated")."""

    def at(self, weights: Weights) -> Point:
        """The mean f(θ), (m,), and the map g -> J(θ)ᵀ g, of the weights' shape."""

    def grams(self, weights: Weights, origin: Weights | None = None) -> Grams:
        """J Jᵀ at the weights, and, if there is an origin, D Dᵀ with D = J(weights) − J(origin) too."""

    def engine(self, name: Engine, latents: Draw, seed: int) -> Callable[[Updates], Iterates]:
        """What takes the steps of GDA from θ_0 and their d_0, such as a partial of `descend`, which serves any f.

        name: of the engine; a problem may have one only. latents, seed: as in `simulate`.

        Raises OverganError if there are no fresh latents to be drawn.
        """

    def norm_bound(self) -> float:
        """An upper bound on ‖J(θ)‖ for all θ, inf if none is known."""

    def ball(self, reach: float) -> Ball:
        """How large ‖J(θ) − J_0‖ and ‖J(θ)‖ get on balls of radius up to reach; beyond it the first may be inf."""


def check_values(name: str, array: np.ndarray) -> None:
    """Raise OverganError unless all sizes of an argument are at least 1 and all its values are finite."""
    if 0 in (array.ndim, *array.shape):
        raise OverganError(f"{{argument}} has shape {array.shape}; every size must be at least 1", name)
    finite = np.isfinite(array)
    if not finite.all():
        raise OverganError(f"{{argument}} has the value {array[~finite][0]}; all values must be finite", name)


def check_size(name: str, array: np.ndarray, least: float, largest: float) -> None:
    """Raise OverganError unless an argument's largest value is 0 or from least to largest in size.

    Beyond, squares and their ratios would overflow, or vanish, unnoticed, and a certificate could be wrong.
    """
    size = float(np.abs(array).max())
    within = f"from {least:g} to {largest:g}" if least else f"at most {largest:g}"
    if size and not least <= size <= largest:
        wrong = f"{{argument}} has the size {size:.3g}; its largest value must be 0 or {within}: scale the problem"
        raise OverganError(wrong, name)


def check_step_sizes(mu: float, eta: float | None) -> None:
    """Raise OverganError unless mu is in (0, 1], and eta positive and finite, or None."""
    check(0 < mu <= 1, "mu", mu, "greater than 0 and at most 1")
    check(eta is None or 0 < eta < np.inf, "eta", eta, "positive and finite")


def initial_discriminator(problem: Problem, d0: Float[np.ndarray, " m"] | None) -> Float[np.ndarray, " m"]:
    """d_0 as a float64 copy, zeros for None. Raise OverganError unless it has the shape of the target, up to 1e40."""
    if d0 is None:
        return np.zeros(len(problem.target))
    d_0, needed = np.array(d0, np.float64), problem.target.shape
    check(d_0.shape == needed, "d0", f"of shape {d_0.shape}", f"of shape {needed}, as the target is")
    check_values("d0", d_0)
    check_size("d0", d_0, 0.0, 1e40)
    return d_0


def default_eta(problem: Problem, method: Method, mu: float) -> float:
    """The largest generator step that the theorem's condition at initialization allows.

    μ/(8‖J_0‖²) for "gda" and "alternating" (Theorem A.4), 1/(2‖J_0‖²) for "optimal" (Theorem A.11). If J_0 is zero,
    no step moves W, and it is 1. For a deep generator this takes J_0 J_0ᵀ, m backward passes.
    """
    return largest_eta(problem.grams(problem.start)[0], method, mu)


def largest_eta(gram: Float[np.ndarray, "m m"], method: Method, mu: float) -> float:
    """The same step, given J_0 J_0ᵀ."""
    norm_squared = float(np.linalg.eigvalsh(gram)[-1])
    if norm_squared <= 0:
        return 1.0
    return 1 / (2 * norm_squared) if method == "optimal" else mu / (8 * norm_squared)
