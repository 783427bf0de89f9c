"""The dense loop: every unit at every latent, at every step. For the reference engine, and for fresh latents."""

from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np
from jaxtyping import Int64

from overgan.theory._exact import Iterates
from overgan.theory._geometry import mean_gradients, population_mean
from overgan.theory._kernels import BLOWN_UP
from overgan.theory._problem import ShallowGAN

# of Z, V and W: f(W), the map g -> J(W)ᵀ g, and which units are active at which latents, if that is looked at.
# Called at every step, so its functions have no shapes to check.
Evaluate = Callable[
    [np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], np.ndarray | None]
]


def iterate(
    problem: ShallowGAN,
    method: str,
    steps: int,
    mu: float,
    eta: float,
    critic_steps: int,
    stop_below: float,
    record: Int64[np.ndarray, " asked"],
    evaluate: Evaluate,
    fresh: Iterator[np.ndarray] | None,
) -> Iterates:
    """As `iterate` of the exact engine, but if there are fresh latents, a new set is taken for each step.

    The residuals that are returned are then those of the population's mean, which the draws' noise does not hide.
    """
    V, y, W, d = problem.V, problem.target, problem.W0.copy(), np.zeros(len(problem.target))
    norms: list[float] = []
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    changes, before = 0, None
    for t, Z in zip(range(steps + 1), fresh or repeat(problem.Z), strict=False):
        f, pull_back, active = evaluate(Z, V, W)
        r = shown = f - y
        if fresh:
            shown = population_mean(problem.sigma_z or 0.0, V, W) - y
        elif before is not None and active is not None:
            changes += int((active != before).sum())
        before = active
        norms.append(float(np.linalg.norm(shown)))
        if t in record:
            kept.append((shown, d, W))
        if norms[-1] <= stop_below * norms[0] or not norms[-1] <= BLOWN_UP * max(norms[0], 1e-100) or t == steps:
            break
        after = d
        for _ in range(critic_steps if method == "alternating" else 1):
            after = (1 - mu) * after + mu * r
        used = {"gda": d, "optimal": r, "alternating": after}[method]
        d = r if method == "optimal" else after
        W = W - eta * pull_back(used)
    r_kept, d_kept, W_kept = (np.array([row[i] for row in kept]).reshape(-1, *a.shape) for i, a in enumerate((y, y, W)))
    return np.array(norms), changes, d, W, (r_kept, d_kept, W_kept)


def closed_form(
    Z: np.ndarray, V: np.ndarray, W: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], None]:
    """f(W) = V a with a_l = w_l·s_l, and J(W)ᵀ g, whose rows are (v_l·g) s_l."""
    s = mean_gradients(Z, W)
    return V @ (W * s).sum(1), lambda g: (V.T @ g)[:, None] * s, None
