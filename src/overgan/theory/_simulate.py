"""Gradient descent/ascent of any problem: what is asked for, and what is left of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Float, Int64

from overgan.check import check
from overgan.theory._problem import (
    Draw,
    Engine,
    Method,
    Problem,
    Updates,
    check_step_sizes,
    default_eta,
    initial_discriminator,
)
from overgan.words import brief


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """What a simulation left: norms of every residual, the end, and what was asked to be recorded."""

    residual_norm: Float[np.ndarray, " norms"]  # ‖f(W_t) − x̄‖ for t = 0, 1, …; shorter than steps + 1 if it ended early
    W: Float[np.ndarray, "*weights"]  # (k, d); of a deep generator θ, (p,)
    d: Float[np.ndarray, " m"]
    method: Method
    mu: float
    eta: float
    d0: Float[np.ndarray, " m"]  # the weights of the discriminator at t = 0
    sign_changes: int  # of w_l·z_i, over all units, latents and steps (see `simulate`)
    tol: float
    recorded_steps: Int64[np.ndarray, " recorded"]
    recorded_residual: Float[np.ndarray, "recorded m"]
    recorded_d: Float[np.ndarray, "recorded m"]
    recorded_W: Float[np.ndarray, "recorded *weights"]

    def __repr__(self) -> str:
        steps, last = len(self.residual_norm) - 1, float(self.residual_norm[-1])
        return brief(self, method=self.method, steps=steps, last_residual=last, converged=self.converged)

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
    d0: Float[np.ndarray, " m"] | None = None,
    critic_steps: int = 1,
    latents: Draw = "fixed",
    seed: int = 0,
    tol: float = 1e-6,
    stop_early: bool = False,
    record: Sequence[int] = (),
) -> Trajectory:
    """Train the GAN from W_0 (or θ_0) and d_0 (eq. 12) for `steps` steps.

    method: "gda", simultaneous descent and ascent (eq. 13); "optimal", the best discriminator at every step (eq. 5);
        "alternating", `critic_steps` ascent steps on d, then one descent step on W (Fig. 9c).
    mu, eta: step sizes of the discriminator and the generator. eta=None takes `default_eta`.
    d0: initial weights of the discriminator, (m,), 0 by default; "optimal" takes none, as it knows the best ones.
    engine: "exact" (event-driven, no n × k work at a step) or "autograd" (PyTorch, the reference). PyTorch steps every
        `DeepFeatureGAN`, whatever this is.
    latents: "fixed", the problem's, or "fresh": n new ones from N(0, σz² I) at every step, drawn from `seed`, as GANs
        are trained in practice. Then every step is n × k work in either engine, and residuals are those of the
        population's mean, E V ReLU(W z) − x̄.
    tol: relative to the first one, the residual at which the run counts as converged, and at which it ends if
        stop_early. Of d it says nothing: where d_0 is not 0, a small residual need not last.
    record: steps of which residual, d and W are kept.

    A run that blows up ends there, with finite numbers and converged False.

    Sign changes of w_l·z_i are counted from step to step, as a dense loop sees them, while the d that moves W is more
    than 1e-12 of ‖z_0‖ + ‖x̄‖. Below that the run stands still up to rounding, and where training holds a unit on a
    tie, w_l·z_i = 0, rounding would throw the sign to and fro for as long as the run goes on. They are not counted for
    a deep generator, nor for fresh latents. Where the dynamics amplify rounding, the number is as sensitive as the run.

    Raises OverganError, naming the argument and its value, for sizes and steps out of range, a d0 of another shape or
    not finite, and a d0 with "optimal".
    """
    for name, value, choices in (("method", method, Method), ("engine", engine, Engine), ("latents", latents, Draw)):
        check(value in get_args(choices), name, value, f"one of {', '.join(get_args(choices))}")
    check(steps >= 0, "steps", steps, "at least 0")
    check_step_sizes(mu, eta)
    check(critic_steps >= 1, "critic_steps", critic_steps, "at least 1")
    check(tol >= 0, "tol", tol, "at least 0")
    check(d0 is None or method != "optimal", "d0", "given", "None for the method 'optimal', whose d is the best one")
    check(all(0 <= t <= steps for t in record), "record", list(record), f"steps from 0 to {steps}")
    d_0, step = initial_discriminator(problem, d0), problem.engine(engine, latents, seed)
    mu, eta = float(mu), float(default_eta(problem, method, mu) if eta is None else eta)
    asked = np.unique(np.asarray(record, np.int64))
    run = step(Updates(method, steps, mu, eta, critic_steps, tol if stop_early else -1.0, asked, d_0.copy()))
    reached = asked[: len(run.kept_residual)]
    used = method, mu, eta, d_0
    return Trajectory(run.residual_norm, run.W, run.d, *used, run.sign_changes, tol, reached, *run[4:])
