"""The dense loop: f and its gradient anew at every step. For all that the exact engine cannot do."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int64

from overgan.theory._exact import Iterates
from overgan.theory._geometry import mean_gradients
from overgan.theory._kernels import BLOWN_UP

# of the weights: f, the map g -> Jᵀ g, and which units are active at which latents, if that is looked at.
# Called at every step, so its functions have no shapes to check.
Evaluate = Callable[[np.ndarray], tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], np.ndarray | None]]


@np.errstate(over="ignore", invalid="ignore")  # it may blow up
def iterate(
    start: Float[np.ndarray, "*weights"],
    target: Float[np.ndarray, " m"],
    evaluate: Evaluate,
    shown_mean: Callable[[np.ndarray], np.ndarray] | None,
    method: str,
    steps: int,
    mu: float,
    eta: float,
    critic_steps: int,
    stop_below: float,
    record: Int64[np.ndarray, " asked"],
) -> Iterates:
    """As `iterate` of the exact engine, for weights of any shape.

    shown_mean: the mean whose residuals are returned; None for that of which `evaluate` gives the gradient.
    """
    W, d = start.copy(), np.zeros(len(target))
    norms: list[float] = []
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    changes, before, last = 0, None, (d, W)
    for t in range(steps + 1):
        f, pull_back, active = evaluate(W)
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
        last, after = (d, W), d
        for _ in range(critic_steps if method == "alternating" else 1):
            after = (1 - mu) * after + mu * r
        used = {"gda": d, "optimal": r, "alternating": after}[method]
        d = r if method == "optimal" else after
        W = W - eta * pull_back(used)
    r_kept, d_kept, W_kept = (
        np.array([row[i] for row in kept]).reshape(-1, *a.shape) for i, a in enumerate((target, target, W))
    )
    return np.array(norms), changes, d, W, (r_kept, d_kept, W_kept)


def closed_form(
    Z: np.ndarray, V: np.ndarray, W: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], None]:
    """f(W) = V a with a_l = w_l·s_l, and J(W)ᵀ g, whose rows are (v_l·g) s_l."""
    s = mean_gradients(Z, W)
    return V @ (W * s).sum(1), lambda g: (V.T @ g)[:, None] * s, None
