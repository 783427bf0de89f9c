"""Gradient descent/ascent of the shallow GAN: the iterates, by one of two engines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int64

from overgan.theory._geometry import jacobian_gram
from overgan.theory._problem import ShallowGAN

Method = Literal["gda", "optimal", "alternating"]
Engine = Literal["exact", "autograd"]
METHODS: tuple[Method, ...] = ("gda", "optimal", "alternating")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a simulation left: norms of every residual, the end, and what was asked to be recorded."""

    residual_norm: Float[np.ndarray, " norms"]  # ‖f(W_t) − x̄‖ for t = 0, 1, …; shorter than steps + 1 if it ended early
    W: Float[np.ndarray, "k d"]
    d: Float[np.ndarray, " m"]
    eta: float
    sign_changes: int  # of w_l·z_i, over all units, latents and steps
    tol: float
    recorded_steps: Int64[np.ndarray, " recorded"]
    recorded_residual: Float[np.ndarray, "recorded m"]
    recorded_d: Float[np.ndarray, "recorded m"]
    recorded_W: Float[np.ndarray, "recorded k d"]

    @property
    def converged(self) -> bool:
        """Whether the last residual is at most tol times the first."""
        return bool(self.residual_norm[-1] <= self.tol * self.residual_norm[0])

    def first_below(self, tol: float) -> int | None:
        """The first step whose residual is at most tol times the first, None if there is none."""
        below = np.flatnonzero(self.residual_norm <= tol * self.residual_norm[0])
        return int(below[0]) if len(below) else None


def simulate(
    problem: ShallowGAN,
    method: Method = "gda",
    steps: int = 4000,
    mu: float = 1.0,
    eta: float | None = None,
    engine: Engine = "exact",
    *,
    critic_steps: int = 1,
    tol: float = 1e-6,
    stop_early: bool = False,
    record: Sequence[int] = (),
) -> Trajectory:
    """Train the shallow GAN from W_0 and d_0 = 0 (eq. 12) for `steps` steps.

    method: "gda", simultaneous descent and ascent (eq. 13); "optimal", the best discriminator at every step (eq. 5);
        "alternating", `critic_steps` ascent steps on d, then one descent step on W (Fig. 9c).
    mu, eta: step sizes of the discriminator and the generator. eta=None takes `default_eta`.
    engine: "exact" (no n × k work at a step) or "autograd" (PyTorch, the reference).
    tol: relative residual at which the run counts as converged, and at which it ends if stop_early.
    record: steps of which residual, d and W are kept.

    A run that blows up ends there, with finite numbers and converged False.

    Raises ValueError, naming the argument and its value, for sizes and steps out of range.
    """
    _check(method in METHODS, "method", method, f"one of {', '.join(METHODS)}")
    _check(engine in ("exact", "autograd"), "engine", engine, "exact or autograd")
    _check(steps >= 0, "steps", steps, "at least 0")
    _check(0 < mu <= 1, "mu", mu, "greater than 0 and at most 1")
    _check(critic_steps >= 1, "critic_steps", critic_steps, "at least 1")
    _check(tol >= 0, "tol", tol, "at least 0")
    _check(all(0 <= t <= steps for t in record), "record", list(record), f"steps from 0 to {steps}")
    eta = default_eta(problem, method, mu) if eta is None else eta
    _check(bool(np.isfinite(eta)) and eta > 0, "eta", eta, "positive and finite")
    kept = np.unique(np.asarray(record, np.int64))
    # imported here, because either engine takes a second to import and only one is needed
    if engine == "exact":
        from overgan.theory._exact import iterate
    else:
        from overgan.theory._autograd import iterate
    norms, changes, d, W, recorded = iterate(
        problem, method, steps, float(mu), float(eta), critic_steps, tol if stop_early else -1.0, kept
    )
    return Trajectory(norms, W, d, float(eta), changes, tol, kept[: len(recorded[0])], *recorded)


def default_eta(problem: ShallowGAN, method: Method, mu: float) -> float:
    """The largest generator step that the theorem's condition at initialization allows.

    μ/(8‖J_0‖²) for "gda" and "alternating" (Theorem A.4), 1/(2‖J_0‖²) for "optimal" (Theorem A.11). If J_0 is zero,
    no step moves W, and it is 1.
    """
    norm_squared = float(np.linalg.eigvalsh(jacobian_gram(problem.Z, problem.V, problem.W0))[-1])
    if norm_squared <= 0:
        return 1.0
    return 1 / (2 * norm_squared) if method == "optimal" else mu / (8 * norm_squared)


def _check(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {value}; it must be {expected}")
