"""Whether networks of comparable widths are best, by runs of several pairs of widths; less is better."""

from collections.abc import Sequence

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Bool, Float

from overgan.study.analysis._claim import Verdict
from overgan.study.analysis._differences import Means, means_of, student

Sets = Sequence[Float[np.ndarray, " _"]]
Of = Bool[np.ndarray, " sets"]


def may_be_best(sets: Sets, confidence: float = 0.95) -> Of:
    """The sets of runs whose mean may be the least, by these; the one whose is is left out with 1 − confidence at most.

    A set is left out if another one's mean is shown to be less: Student's one-sided test with the level
    (1 − confidence) over the number of others. Of one whose runs all diverged the mean is infinite. If a set has one
    run alone, the standard deviations of the others are taken for it; if all have one, nothing is left out.
    """
    of = means_of(sets)
    left = np.isfinite(of.values)
    level = (1 - confidence) / max(1, len(sets) - 1)
    places = [int(place) for place in np.flatnonzero(left)]
    kept = [place for place in places if not any(_below(of, other, place, 1.0, level) for other in places)]
    return np.isin(np.arange(len(sets)), kept)


def balance(sets: Sets, near: Of, narrow: Of, tolerance: float, confidence: float = 0.95) -> Verdict:
    """Whether the best are those that are `near`, which have networks of comparable widths.

    It supports that if one of them is shown to be enough (at most the tolerance above) against all others, and better
    than those of the others that are `narrow`. It contradicts it if another one is shown to be better than all that are
    near by more than the tolerance, or a narrow one to be enough against these. Either is wrong with a probability of
    1 − confidence at most: each test of a pair has its share of that.
    """
    of = means_of(sets)
    finite = np.isfinite(of.values)
    inside, outside = ([int(place) for place in np.flatnonzero(which & finite)] for which in (near, ~near))
    if not (len(inside) and len(outside)):
        return "cannot tell"
    level = (1 - confidence) / (len(inside) * len(outside))
    enough = 1 + tolerance * np.sign(of.values)

    def good(i: int, j: int) -> bool:
        return _below(of, i, j, 1.0 if narrow[j] else enough[j], level)

    def better(j: int, i: int) -> bool:
        return _below(of, j, i, 1 / enough[i], level) or (bool(narrow[j]) and _below(of, j, i, enough[i], level))

    if any(all(good(i, j) for j in outside) for i in inside):
        return "supports"
    return "contradicts" if any(all(better(j, i) for i in inside) for j in outside) else "cannot tell"


def _below(of: Means, i: int, j: int, slope: float, level: float) -> bool:
    """Whether μ_i < slope μ_j is shown."""
    value, error, freedom = student(of, i, j, slope)
    if not error > 0:
        return error == 0 and value < 0
    return -value / error > float(scipy.stats.t.isf(level, freedom))
