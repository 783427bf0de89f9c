"""Which differences of means are larger than runs explain, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._pairs import as_judged
from overgan.study.analysis._spread import cautious

Runs = Float[np.ndarray, " _"]
Studies = Mapping[Any, Mapping[Any, Runs]]  # by whatever names them, and their sets
Place = tuple[Any, Any]  # a study, and which of its sets of runs


@dataclass(frozen=True)
class Difference:
    """The mean of the second runs less that of the first, with an interval; those of one call hold all together."""

    first: float  # means; a diverged run counts as worse than the mean of the others by its size
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

    These are the fewer of both sides'. Welch's (1947) are up to the sum of both, which is too many where both errors
    are of the same pooled estimate, and, by simulation, for levels as small as many differences take.
    """

    values: Float[np.ndarray, "sets sets"]
    errors: Float[np.ndarray, "sets sets"]
    freedom: Float[np.ndarray, "sets sets"]


def student(of: Means, slopes: Float[np.ndarray, " sets"] | float = 1.0) -> Student:
    """What Student's test takes of each pair of sets, with row i and column j. slopes: a_j."""
    a, b = np.broadcast_arrays(of.squares[:, None], np.square(slopes) * of.squares)
    with np.errstate(invalid="ignore"):
        values = of.values[:, None] - slopes * of.values
    return Student(values, np.sqrt(a + b), np.minimum.outer(of.freedom, of.freedom))


def differences(studies: Studies, pairs: Sequence[tuple[Place, Place]], confidence: float = 0.95) -> list[Difference]:
    """The difference of each pair of sets of runs, which are not matched; inf is a run that diverged.

    studies: sets of runs, whose standard deviations lend each other strength within a study alone: of two studies one
    may be much noisier than the other. pairs: places of sets, a set in as many as there are.

    All intervals hold together with the confidence, and 0 is outside of one of those that have no difference with a
    probability of 1 − confidence at most: each has the level of its share (Bonferroni), which needs no assumption of
    how they depend on each other. Runs are taken to be normal.
    """
    means = {study: dict(zip(sets, _each(means_of([*sets.values()])), strict=True)) for study, sets in studies.items()}
    both = [tuple(means[study][place] for study, place in pair) for pair in pairs]
    known = [all(_known(of) for of in pair) for pair in both]
    return [
        _difference(first, second, sum(known), confidence, known=is_known)
        for (first, second), is_known in zip(both, known, strict=True)
    ]


def _each(of: Means) -> list[Means]:
    """Those of each set alone."""
    places = [slice(i, i + 1) for i in range(len(of.values))]
    return [Means(of.values[i], of.squares[i], of.freedom[i], of.counts[i]) for i in places]


def _known(of: Means) -> bool:
    """Whether the mean of a set has an error of its own."""
    return bool(np.isfinite(of.values).all() and (of.counts > 1).all())


def _difference(before: Means, after: Means, count: int, confidence: float, *, known: bool) -> Difference:
    means = float(before.values[0]), float(after.values[0])
    value = means[1] - means[0] if np.isfinite(means).any() else np.nan
    if not known:
        return Difference(*means, value, np.nan, np.nan, np.nan)
    error, freedom = float(np.sqrt(before.squares + after.squares)[0]), float(min(before.freedom[0], after.freedom[0]))
    if error == 0:
        return Difference(*means, value, value, value, float(value == 0))
    reach = -float(scipy.special.stdtrit(freedom, (1 - confidence) / 2 / count)) * error
    p = 2 * float(scipy.special.stdtr(freedom, -abs(value) / error))
    return Difference(*means, value, value - reach, value + reach, min(1.0, count * p))
