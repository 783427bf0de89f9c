"""The exponent of a power law over widths, with an interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._claim import Estimate

WIDTHS = 3  # at least: a line through two leaves nothing over to tell its error by


@dataclass(frozen=True)
class Exponent:
    """Of k in c · k^exponent."""

    exponent: float
    low: float
    high: float
    p_value: float  # that the exponent is 0
    confidence: float
    factor: float  # c

    def at(self, width: float) -> float:
        """The fitted value."""
        return self.factor * math.pow(width, self.exponent)

    def estimate(self, what: str) -> Estimate:
        """As a number of a claim. what: the quantity, in words."""
        return Estimate(f"exponent of k in {what}", self.exponent, self.low, self.high, self.confidence)


def exponent(
    values: Mapping[int, Sequence[float] | Float[np.ndarray, " _"]], confidence: float = 0.95
) -> Exponent | None:
    """By least squares through the mean logarithm of each width; None with fewer than three widths.

    values: of the runs of each width; those that are not above 0, or infinite, are left out.

    With W widths the interval is Student's with W − 2 degrees of freedom, of how far the means of widths are from the
    line: noise of few runs and a bend both make it wider. It is exact for normal means of the same variance.
    """
    logs = {k: [math.log(v) for v in of if 0 < v < math.inf] for k, of in values.items()}
    means = {k: float(np.mean(of)) for k, of in logs.items() if of}
    freedom = len(means) - 2
    if len(means) < WIDTHS:
        return None
    x, y = np.log(list(means)), np.array(list(means.values()))
    apart = x - x.mean()
    slope = float(apart @ y / (apart @ apart))
    left = y - y.mean() - slope * apart
    error = math.sqrt(float(left @ left) / freedom / float(apart @ apart))
    half = float(scipy.stats.t.isf((1 - confidence) / 2, freedom)) * error
    p_value = float(2 * scipy.stats.t.sf(abs(slope) / error, freedom)) if error else float(slope == 0)
    return Exponent(slope, slope - half, slope + half, p_value, confidence, math.exp(y.mean() - slope * x.mean()))
