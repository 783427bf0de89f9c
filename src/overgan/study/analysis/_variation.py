"""How unsteady the end of a training is, and how unlike each other its repeats are."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

FEWEST = 3  # evaluations in it: a line has two numbers


def variation(iterations: Float[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """By how much a curve varies about its trend in the last third of its training, over its size, and in its unit.

    The first is the standard deviation, with n − 2 degrees of freedom, of its logarithms about their line of least
    squares over the iterations: a curve that still falls steadily does not count as unsteady. The second is that times
    the geometric mean. nan with fewer than three evaluations there, or one that is not above 0.
    """
    late = 3 * iterations >= 2 * iterations[-1]  # in whole numbers, as 2/3 is rounded
    t, y = iterations[late], values[late]
    if len(np.unique(t)) < FEWEST or not (y > 0).all() or not np.isfinite(y).all():
        return float(np.nan), float(np.nan)
    logs, apart = np.log(y), t - t.mean()
    left = logs - logs.mean() - (apart @ logs) / (apart @ apart) * apart
    relative = float(np.sqrt(left @ left / (len(t) - 2)))
    return relative, relative * float(np.exp(logs.mean()))


def relative_spread(values: Sequence[float]) -> float:
    """The standard deviation of the logarithms of some values; nan of fewer than two that are finite and above 0."""
    logs = [float(np.log(v)) for v in values if 0 < v < np.inf]
    return float(np.std(logs, ddof=1)) if len(logs) > 1 else float(np.nan)
