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
    level = (1 - confidence) / max(1, len(sets) - 1)
    kept: Of = np.isfinite(of.values) & ~_below(of, 1.0, level).any(0)
    return kept


def balance(sets: Sets, near: Of, narrow: Of, tolerance: float, confidence: float = 0.95) -> Verdict:
    """Whether the best are those that are `near`, which have networks of comparable widths.

    It supports that if one of them is shown to be enough (at most the tolerance above) against all others, and better
    than those of the others that are `narrow`. It contradicts it if another one is shown to be better than all that are
    near by more than the tolerance, or a narrow one to be enough against these. Either is wrong with a probability of
    (1 − confidence)/2 at most: each test of a pair has its share of that.
    """
    of = means_of(sets)
    finite = np.isfinite(of.values)
    inside, outside = ([int(place) for place in np.flatnonzero(which & finite)] for which in (near, ~near))
    if not (len(inside) and len(outside)):
        return "cannot tell"
    level = (1 - confidence) / 2 / (len(inside) * len(outside))
    slopes = 1 + tolerance * np.sign(of.values)
    below, enough, much_below = (_below(of, slope, level) for slope in (1.0, slopes, 1 / slopes))
    good, better = np.where(narrow, below, enough), much_below | (narrow[:, None] & enough)
    if good[np.ix_(inside, outside)].all(1).any():
        return "supports"
    return "contradicts" if better[np.ix_(outside, inside)].all(1).any() else "cannot tell"


def _below(of: Means, slopes: Float[np.ndarray, " sets"] | float, level: float) -> Bool[np.ndarray, "sets sets"]:
    """Whether μ_i < a_j μ_j is shown, with row i and column j."""
    tests = student(of, slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = tests.values / tests.errors
        shown: Bool[np.ndarray, "sets sets"] = (t < scipy.special.stdtrit(tests.freedom, level)) & np.isfinite(t)
    shown |= (tests.errors == 0) & (tests.values < 0)
    return shown
