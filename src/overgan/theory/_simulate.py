"""Gradient descent/ascent: the iterates, by one of two engines, or by PyTorch for a deep generator."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int64

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._geometry import population_mean
from overgan.theory._initial import Problem, gram_and_residual, largest_eta
from overgan.theory._problem import ShallowGAN

if TYPE_CHECKING:
    from overgan.theory import _exact

Method = Literal["gda", "optimal", "alternating"]
Engine = Literal["exact", "autograd"]
Draw = Literal["fixed", "fresh"]
FRESH_STREAM = 4  # of a seed; ShallowGAN.gaussian's are those below


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a simulation left: norms of every residual, the end, and what was asked to be recorded."""

    residual_norm: Float[np.ndarray, " norms"]  # ‖f(W_t) − x̄‖ for t = 0, 1, …; shorter than steps + 1 if it ended early
    W: Float[np.ndarray, "*weights"]  # (k, d); of a deep generator θ, (p,)
    d: Float[np.ndarray, " m"]
    method: Method
    mu: float
    eta: float
    sign_changes: int  # of w_l·z_i, over all units, latents and steps; of a deep generator not counted, 0
    tol: float
    recorded_steps: Int64[np.ndarray, " recorded"]
    recorded_residual: Float[np.ndarray, "recorded m"]
    recorded_d: Float[np.ndarray, "recorded m"]
    recorded_W: Float[np.ndarray, "recorded *weights"]

    @property
    def converged(self) -> bool:
        """Whether the last residual is at most tol times the first."""
        return bool(self.residual_norm[-1] <= self.tol * self.residual_norm[0])

    def first_below(self, tol: float) -> int | None:
        """The first step whose residual is at most tol times the first, None if there is none."""
        below = np.flatnonzero(self.residual_norm <= tol * self.residual_norm[0])
        return int(below[0]) if len(below) else None


def simulate(
    problem: Problem,
    method: Method = "gda",
    steps: int = 4000,
    mu: float = 1.0,
    eta: float | None = None,
    engine: Engine = "exact",
    *,
    critic_steps: int = 1,
    latents: Draw = "fixed",
    seed: int = 0,
    tol: float = 1e-6,
    stop_early: bool = False,
    record: Sequence[int] = (),
) -> Trajectory:
    """Train the GAN from W_0 (or θ_0) and d_0 = 0 (eq. 12) for `steps` steps.

    method: "gda", simultaneous descent and ascent (eq. 13); "optimal", the best discriminator at every step (eq. 5);
        "alternating", `critic_steps` ascent steps on d, then one descent step on W (Fig. 9c).
    mu, eta: step sizes of the discriminator and the generator. eta=None takes `default_eta`.
    engine: "exact" (no n × k work at a step) or "autograd" (PyTorch, the reference). PyTorch steps every
        `DeepFeatureGAN`, whatever this is.
    latents: "fixed", the problem's, or "fresh": n new ones from N(0, σz² I) at every step, drawn from `seed`, as GANs
        are trained in practice. Then every step is n × k work in either engine, residuals are those of the population's
        mean, E V ReLU(W z) − x̄, and sign changes are not counted.
    tol: relative residual at which the run counts as converged, and at which it ends if stop_early.
    record: steps of which residual, d and W are kept.

    A run that blows up ends there, with finite numbers and converged False.

    Raises ValueError, naming the argument and its value, for sizes and steps out of range.
    """
    for name, value, choices in (("method", method, Method), ("engine", engine, Engine), ("latents", latents, Draw)):
        _check(value in get_args(choices), name, value, f"one of {', '.join(get_args(choices))}")
    _check(steps >= 0, "steps", steps, "at least 0")
    _check(0 < mu <= 1, "mu", mu, "greater than 0 and at most 1")
    _check(critic_steps >= 1, "critic_steps", critic_steps, "at least 1")
    _check(tol >= 0, "tol", tol, "at least 0")
    _check(all(0 <= t <= steps for t in record), "record", list(record), f"steps from 0 to {steps}")
    if isinstance(problem, DeepFeatureGAN):
        _check(latents == "fixed", "latents", latents, "fixed for a DeepFeatureGAN")
    else:
        _check(latents == "fixed" or problem.sigma_z is not None, "sigma_z", None, "given to draw fresh latents")
    eta = default_eta(problem, method, mu) if eta is None else eta
    _check(bool(np.isfinite(eta)) and eta > 0, "eta", eta, "positive and finite")
    kept = np.unique(np.asarray(record, np.int64))
    how = method, steps, float(mu), float(eta), critic_steps, tol if stop_early else -1.0, kept
    norms, changes, d, W, recorded = _iterates(problem, how, engine, latents, seed)
    return Trajectory(norms, W, d, method, float(mu), float(eta), changes, tol, kept[: len(recorded[0])], *recorded)


def default_eta(problem: Problem, method: Method, mu: float) -> float:
    """The largest generator step that the theorem's condition at initialization allows.

    μ/(8‖J_0‖²) for "gda" and "alternating" (Theorem A.4), 1/(2‖J_0‖²) for "optimal" (Theorem A.11). If J_0 is zero,
    no step moves W, and it is 1. For a deep generator this takes J_0 J_0ᵀ, m backward passes.
    """
    return largest_eta(gram_and_residual(problem)[0], method, mu)


def _iterates(problem: Problem, how: tuple[Any, ...], engine: Engine, latents: Draw, seed: int) -> "_exact.Iterates":
    """By the engine that is asked for; each is imported here, because that takes a second and only one is needed."""
    if isinstance(problem, DeepFeatureGAN):
        from overgan.theory import _deep_autograd, _dense

        return _dense.iterate(problem.theta0, problem.target, _deep_autograd.evaluator(problem), None, *how)
    if engine == "exact" and latents == "fixed":
        from overgan.theory import _exact

        return _exact.iterate(problem, *how)
    from overgan.theory import _dense

    gradient: Callable[..., Any] = _dense.closed_form
    if engine == "autograd":
        from overgan.theory._autograd import evaluate as gradient
    if latents == "fixed":
        return _dense.iterate(problem.W0, problem.target, partial(gradient, problem.Z, problem.V), None, *how)
    draws = _fresh(problem, seed)
    shown = partial(population_mean, problem.sigma_z or 0.0, problem.V)
    return _dense.iterate(problem.W0, problem.target, lambda W: gradient(next(draws), problem.V, W), shown, *how)


def _fresh(problem: ShallowGAN, seed: int) -> Iterator[Float[np.ndarray, "n d"]]:
    random = np.random.default_rng([seed, FRESH_STREAM])
    while True:
        yield (problem.sigma_z or 0.0) * random.standard_normal(problem.Z.shape)


def _check(holds: bool | np.bool_, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {value}; it must be {expected}")
