"""Gradient descent/ascent of any problem: what is asked for, and what is left of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Float, Int64

from overgan.check import check
from overgan.theory._problem import Draw, Engine, Method, Problem, Updates, check_step_sizes, default_eta


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
    engine: "exact" (event-driven, no n × k work at a step) or "autograd" (PyTorch, the reference). PyTorch steps every
        `DeepFeatureGAN`, whatever this is.
    latents: "fixed", the problem's, or "fresh": n new ones from N(0, σz² I) at every step, drawn from `seed`, as GANs
        are trained in practice. Then every step is n × k work in either engine, residuals are those of the population's
        mean, E V ReLU(W z) − x̄, and sign changes are not counted.
    tol: relative residual at which the run counts as converged, and at which it ends if stop_early.
    record: steps of which residual, d and W are kept.

    A run that blows up ends there, with finite numbers and converged False.

    Raises OverganError, naming the argument and its value, for sizes and steps out of range.
    """
    for name, value, choices in (("method", method, Method), ("engine", engine, Engine), ("latents", latents, Draw)):
        check(value in get_args(choices), name, value, f"one of {', '.join(get_args(choices))}")
    check(steps >= 0, "steps", steps, "at least 0")
    check_step_sizes(mu, eta)
    check(critic_steps >= 1, "critic_steps", critic_steps, "at least 1")
    check(tol >= 0, "tol", tol, "at least 0")
    check(all(0 <= t <= steps for t in record), "record", list(record), f"steps from 0 to {steps}")
    step = problem.engine(engine, latents, seed)
    mu, eta = float(mu), float(default_eta(problem, method, mu) if eta is None else eta)
    asked = np.unique(np.asarray(record, np.int64))
    run = step(Updates(method, steps, mu, eta, critic_steps, tol if stop_early else -1.0, asked))
    reached = asked[: len(run.kept_residual)]
    return Trajectory(run.residual_norm, run.W, run.d, method, mu, eta, run.sign_changes, tol, reached, *run[4:])
