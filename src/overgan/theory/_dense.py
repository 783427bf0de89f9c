"""The dense loop: f and its gradient anew at every step, for any problem."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from overgan.theory._problem import Iterates, Point, Updates

BLOWN_UP = 1e100  # a residual beyond it, relative to the first one, would soon overflow


@np.errstate(over="ignore", invalid="ignore")  # it may blow up
def descend(
    start: Float[np.ndarray, "*weights"],
    target: Float[np.ndarray, " m"],
    at: Callable[[np.ndarray], Point],
    updates: Updates,
    shown_mean: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Iterates:
    """Take the steps of GDA from the weights `start` and d = 0 by their definition, with f and Jᵀ anew at each.

    at: of the weights, f and the map g -> Jᵀ g; called once a step.
    shown_mean: the mean whose residuals are returned; None for that of which `at` gives the gradient.

    A run that blows up ends at its last finite state.
    """
    method, steps, mu, eta, critic_steps, stop_below, record = updates
    W, d = start.copy(), np.zeros(len(target))
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
        if not shown_mean and before is not None and active is not None:
            changes += int((active != before).sum())
        before = active
        norms.append(norm)
        if t in record:
            kept.append((shown, d, W))
        if norms[-1] <= stop_below * norms[0] or not norms[-1] <= BLOWN_UP * max(norms[0], 1e-100) or t == steps:
            break
        # both sides of a simultaneous step use the values at t
        last, after = (d, W), d
        for _ in range(critic_steps if method == "alternating" else 1):
            after = (1 - mu) * after + mu * r
        used = {"gda": d, "optimal": r, "alternating": after}[method]
        d = r if method == "optimal" else after
        W = W - eta * pull_back(used)
    arrays = (np.array([row[i] for row in kept]).reshape(-1, *a.shape) for i, a in enumerate((target, target, W)))
    return Iterates(np.array(norms), changes, d, W, *arrays)
