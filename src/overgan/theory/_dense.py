"""The dense loop: f and its gradient anew at every step, for any problem."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from overgan.theory._problem import Iterates, Point, Updates

BLOWN_UP = 1e100  # a residual beyond it, relative to the first state, would soon overflow
ROUNDED = 1e-12  # of ‖z_0‖ + ‖x̄‖: a step by smaller weights d moves f by thousands of roundings at most


@np.errstate(over="ignore", invalid="ignore")  # it may blow up
def descend(
    start: Float[np.ndarray, "*weights"],
    target: Float[np.ndarray, " m"],
    at: Callable[[np.ndarray], Point],
    updates: Updates,
    shown_mean: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Iterates:
    """Take the steps of GDA from the weights `start` by their definition, with f and Jᵀ anew at each.

    at: of the weights, f and the map g -> Jᵀ g; called once a step.
    shown_mean: the mean whose residuals are returned; None for that of which `at` gives the gradient.

    A run that blows up ends at its last finite state.
    """
    method, steps, mu, eta, critic_steps, stop_below, record, d = updates
    W = start.copy()
    size, enough, scale = 0.0, 0.0, float(np.linalg.norm(target))
    norms: list[float] = []
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    changes, before, last = 0, None, (d, W)
    for t in range(steps + 1):
        # the residual, and whether the run ends here
        f, pull_back, active = at(W)
        r = f - target
        shown = shown_mean(W) - target if shown_mean else r
        norm = float(np.linalg.norm(shown))
        if norms and not np.isfinite(norm):  # several layers can overflow within one step
            d, W = last
            break
        if before is not None and active is not None:
            changes += int((active != before).sum())
        if t == 0:
            size = float(np.hypot(norm, np.linalg.norm(d)))
            enough = stop_below * norm if norm or not size else -1.0  # d_0 may drive away from a target that is met
        norms.append(norm)
        if t in record:
            kept.append((shown, d, W))
        if norm <= enough or not norm <= BLOWN_UP * max(size, 1e-100) or t == steps:
            break
        # both sides of a simultaneous step use the values at t
        last, after = (d, W), d
        for _ in range(critic_steps if method == "alternating" else 1):
            after = (1 - mu) * after + mu * r
        used = {"gda": d, "optimal": r, "alternating": after}[method]
        d = r if method == "optimal" else after
        moving = not shown_mean and np.linalg.norm(used) > ROUNDED * (size + scale)
        before = active if moving else None
        W = W - eta * pull_back(used)
    arrays = (np.array([row[i] for row in kept]).reshape(-1, *a.shape) for i, a in enumerate((target, target, W)))
    return Iterates(np.array(norms), changes, d, W, *arrays)
