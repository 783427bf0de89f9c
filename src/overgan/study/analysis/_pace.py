"""How soon the distances of runs fall: iterations to a distance, and the mean level of a curve."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

WITHIN = 0.1  # of its final value, above which a run has not converged
REACHED = 0.75  # the share of runs that come to the fixed distance
TINY = 1e-12  # of the largest distance: what is less is taken as this much, for a logarithm

Curve = Float[np.ndarray, " n"]


def iterations_to(iterations: Curve, values: Curve, target: float) -> float:
    """When a curve first is at the target or below; infinite if it never is.

    Between two evaluations the logarithm of the distance is taken to go in a straight line. A curve that is there at
    its first evaluation came to it by then.
    """
    there = np.flatnonzero(values <= target)
    if not len(there):
        return float(np.inf)
    after = int(there[0])
    if after == 0 or target <= 0 or not np.isfinite(values[after - 1]):
        return float(iterations[after])
    before, below = np.log(values[after - 1]), np.log(max(values[after], TINY * values[after - 1]))
    share = (before - np.log(target)) / (before - below)
    return float(iterations[after - 1] + share * (iterations[after] - iterations[after - 1]))


def iterations_to_final(iterations: Curve, values: Curve) -> float:
    """When a curve first is within 10 % above its last value."""
    return iterations_to(iterations, values, _above(float(values[-1])))


def mean_level(iterations: Curve, values: Curve) -> float:
    """The area under the logarithm of a curve, by trapezoids, over its iterations, as a distance: a geometric mean."""
    if not np.isfinite(values).all():
        return float(np.inf)
    logs = np.log(np.maximum(values, max(TINY * float(np.abs(values).max()), np.finfo(float).tiny)))
    span = iterations[-1] - iterations[0]
    return float(np.exp(np.trapezoid(logs, iterations) / span if span > 0 else logs.mean()))


def common_target(last: Sequence[float]) -> float:
    """10 % above the least distance that at least three quarters of the runs end at; infinite if more diverged.

    last: the last distance of each run, whatever its width, so that the choice favors no width. The 10 % keep a target
    out of the noise of runs that have settled.
    """
    ended = float(np.quantile(last, REACHED, method="inverted_cdf")) if len(last) else float(np.inf)
    return _above(ended)


def _above(last: float) -> float:
    return last + WITHIN * abs(last)
