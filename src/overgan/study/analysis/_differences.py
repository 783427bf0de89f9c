"""Which differences of means are larger than runs explain, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._pairs import as_judged
from overgan.study.analysis._spread import cautious

Runs = Float[np.ndarray, " _"]
Pairs = Sequence[tuple[Runs, Runs]]


@dataclass(frozen=True)
class Difference:
    """The mean of the second runs less that of the first, with an interval; those of one call hold all together."""

    first: float  # means; a diverged run counts as one twice as far from 0 as the mean of the others
    second: float
    value: float
    low: float  # nan, as are `high` and `p_value`, where one side has a single run or all of its runs diverged
    high: float
    p_value: float  # that there is none, times the number of differences (Bonferroni), 1 at most

    @property
    def different(self) -> bool:
        """Whether it is larger than the runs explain: the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Means:
    """Means of sets of runs, the squares of their standard errors, and the degrees of freedom of these."""

    values: Float[np.ndarray, " sets"]
    squares: Float[np.ndarray, " sets"]
    freedom: Float[np.ndarray, " sets"]
    counts: Float[np.ndarray, " sets"]


def means_of(sets: Sequence[Runs]) -> Means:
    """What tests of means take; of a set in which all runs diverged the mean is infinite.

    The standard deviations lend each other strength (`cautious`), in proportion to the means if all are positive.
    """
    judged = [as_judged(runs) for runs in sets]
    counts = np.array([len(runs) for runs in judged], np.float64)
    means = np.array([runs.mean() if len(runs) and np.isfinite(runs).all() else np.inf for runs in judged])
    finite = np.isfinite(means)
    scale = np.where(finite, means, 1.0) if means.min(initial=np.inf) > 0 else np.ones_like(means)
    own = np.where(finite, np.maximum(counts - 1, 0), 0.0)
    variances = np.array([runs.var(ddof=1) if of else 0.0 for runs, of in zip(judged, own, strict=True)]) / scale**2
    if not own.any():
        return Means(means, np.full_like(means, np.nan), own, counts)
    relative, freedom = cautious(variances, own)
    return Means(means, relative * scale**2 / np.maximum(counts, 1), freedom, counts)


@dataclass(frozen=True)
class Student:
    """x̄_i − a_j x̄_j of each pair, its standard error, and the degrees of freedom of that; NaN where one has no number.

    These are Welch's (1947), but as few as those of either side if one has more runs: by simulation Welch's are then
    too many for levels as small as many differences take.
    """

    values: Float[np.ndarray, "sets sets"]
    errors: Float[np.ndarray, "sets sets"]
    freedom: Float[np.ndarray, "sets sets"]


def student(of: Means, slopes: Float[np.ndarray, " sets"] | float = 1.0) -> Student:
    """What Student's test takes of each pair of sets, with row i and column j. slopes: a_j."""
    a, b = np.broadcast_arrays(of.squares[:, None], np.square(slopes) * of.squares)
    d, even = of.freedom, of.counts[:, None] == of.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = (a + b) ** 2 / (a**2 / d[:, None] + b**2 / d)
        values = of.values[:, None] - slopes * of.values
    freedom = np.where(even & np.isfinite(welch), welch, np.minimum(d[:, None], d))
    return Student(values, np.sqrt(a + b), freedom)


def differences(pairs: Pairs, confidence: float = 0.95) -> list[Difference]:
    """The difference of each pair of sets of runs, which are not matched; inf is a run that diverged.

    All intervals hold together with the confidence, and 0 is outside of one of those that have no difference with a
    probability of 1 − confidence at most: each has the level of its share (Bonferroni), which needs no assumption of
    how they depend on each other. Runs are taken to be normal.
    """
    of = means_of([runs for pair in pairs for runs in pair])
    tests = student(of)
    known = [_known(of, 2 * place) for place in range(len(pairs))]
    return [
        _difference(of, tests, 2 * place, sum(known), confidence, known=known[place]) for place in range(len(pairs))
    ]


def _known(of: Means, first: int) -> bool:
    """Whether a pair, of this set and the next one, has an interval."""
    both = slice(first, first + 2)
    return bool(np.isfinite(of.values[both]).all() and (of.counts[both] > 1).all())


def _difference(of: Means, tests: Student, first: int, count: int, confidence: float, *, known: bool) -> Difference:
    means = float(of.values[first]), float(of.values[first + 1])
    if not known:
        value = means[1] - means[0] if np.isfinite(means).any() else np.nan
        return Difference(*means, value, np.nan, np.nan, np.nan)
    value, error, freedom = (float(x[first + 1, first]) for x in (tests.values, tests.errors, tests.freedom))
    if error == 0:
        return Difference(*means, value, value, value, float(value == 0))
    reach = -float(scipy.special.stdtrit(freedom, (1 - confidence) / 2 / count)) * error
    p = 2 * float(scipy.special.stdtr(freedom, -abs(value) / error))
    return Difference(*means, value, value - reach, value + reach, min(1.0, count * p))
