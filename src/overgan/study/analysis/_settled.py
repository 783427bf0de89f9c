"""Whether a distance has settled in the course of training, or still falls."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._spread import cautious

EVALUATIONS = 3  # at least: a line through two says nothing about a curve
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Trend:
    """By which fraction a width's mean falls from half of the iterations to their end, and whether that is sure."""

    fall: float
    falling: bool


def trends(evaluations: pd.DataFrame, tolerance: float) -> dict[int, Trend]:
    """The trend of each width that has one: at least three evaluations.

    evaluations: a row a run and evaluation, with the columns k, seed, iteration and value, of which less is better.
    tolerance: a fall by this fraction or less does not matter.

    Through the values of each run over log₂(iteration), from the last evaluation in the first half of the iterations on
    (and the last three at least), goes a line by least squares. Its slope b is the change for each doubling. A width's
    mean falls by −b̄ / (mean of the lines at half of the iterations). It is *falling* if that is more than the
    tolerance, and more than t standard errors of b̄, t being Student's one-sided quantile at 5 % divided by the number
    of widths (Bonferroni): then of all widths together, whichever of them is looked at and however that was chosen, one
    that has settled is called falling with a probability of at most about 5 %. Runs are independent of each other, so
    neither noise from one evaluation to the next nor waves within a run mislead it. How much slopes differ is estimated
    from all widths together, in proportion to their means (`cautious`). If no width has two runs, none has a trend.
    """
    slopes = {}
    for width, curves in curves_of(evaluations).items():
        found = _per_doubling(curves)
        if found is not None:
            slopes[width] = found
    counts = np.array([len(b) for b in slopes.values()])
    if not len(counts) or counts.max() == 1:
        return {}
    squares = np.array([b.var(ddof=1) if len(b) > 1 else 0.0 for b in slopes.values()])
    variances, freedom = cautious(squares, counts - 1.0)
    falls = np.array([-b.mean() for b in slopes.values()])
    sure = scipy.stats.t.isf((1 - CONFIDENCE) / len(counts), freedom) * np.sqrt(variances / counts)
    falling = falls > np.maximum(tolerance, sure)
    return {k: Trend(float(fall), bool(is_so)) for k, fall, is_so in zip(slopes, falls, falling, strict=True)}


def curves_of(evaluations: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The runs of each width, a column each, by iteration; without those that lack a value, or have an infinite one.

    evaluations: as of `trends`.
    """
    finite = evaluations.value.astype(float).replace([np.inf, -np.inf], np.nan)
    values = evaluations.assign(value=finite).pivot_table(index=["k", "iteration"], columns="seed", values="value")
    widths = sorted(set(values.index.get_level_values(0)))
    return {int(width): values.loc[width].sort_index().dropna(axis=1) for width in widths}


def _per_doubling(curves: pd.DataFrame) -> Float[np.ndarray, " runs"] | None:
    """The slope of each run (a column) over log₂(iteration), as a fraction of the mean at half of the iterations."""
    iterations = curves.index.to_numpy(float)
    half = iterations[-1:] / 2
    early = int((iterations <= half).sum())
    if not early or len(iterations) < EVALUATIONS or curves.empty:
        return None
    late = slice(min(early - 1, len(iterations) - EVALUATIONS), None)
    x, values = np.log2(iterations[late] / half), curves.to_numpy(float)[late]
    slopes = (x - x.mean()) @ values / np.square(x - x.mean()).sum()
    at_half = (values.mean(0) - slopes * x.mean()).mean()
    return slopes / at_half if at_half > 0 else None
