"""Which widths can be the narrowest at which runs succeed often enough, judged by counts of successes."""

import math
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Bool, Int64

UNLIKELY = 0.1  # of the error allowed, for telling which widths are clearly not enough

Counts = Int64[np.ndarray, " widths"]


@dataclass(frozen=True)
class ShareDecision:
    """The narrowest width that is enough, as a place among the widths, and which are not excluded from being it."""

    place: int
    shown: bool  # that its share is enough, with the confidence asked for
    not_excluded: Bool[np.ndarray, " widths"]
    runs_needed: int  # without a failure, to show it


def decide_by_share(successes: Counts, runs: Counts, share: float, confidence: float) -> ShareDecision:
    """The narrowest width whose share of successes is at least `share`, with confidence.

    That is the narrowest whose lower confidence bound (Clopper and Pearson, one-sided) reaches the share; if none does,
    the narrowest whose own share does, or else the one with the largest share.

    The set inverts exact binomial tests: i is excluded if it has too few successes for the share, or a narrower j so
    many that it must have it, each with half of the error allowed, and the second shared among the narrower
    widths that do not have clearly too few.
    """
    error = 1 - confidence
    if_share = np.asarray(scipy.stats.binom.cdf(successes, runs, share))  # P(at most so many successes), at that share
    if_less = np.asarray(scipy.stats.binom.sf(successes - 1, runs, share))  # P(at least so many), at most, below it
    shown = (if_less <= error) | (share == 0)
    observed = successes / runs
    enough = observed >= share
    place = int((shown if shown.any() else enough if enough.any() else observed == observed.max()).argmax())
    unsettled = if_share > UNLIKELY * error
    rivals: Counts = unsettled.cumsum() - unsettled  # narrower ones
    least = np.concatenate([[1.0], np.minimum.accumulate(if_less)[:-1]])
    not_excluded = (if_share > error / 2) & (least > error / 2 / np.maximum(rivals, 1))
    if not_excluded.any():  # with unequal numbers of runs the largest share may be of too few
        not_excluded[place] = True
    return ShareDecision(place, bool(shown.any()), not_excluded, runs_needed(share, confidence))


def runs_needed(share: float, confidence: float) -> int:
    """The least number of runs that all have to succeed to show a share with confidence: shareⁿ ≤ 1 − confidence."""
    return math.ceil(math.log(1 - confidence) / math.log(share)) if 0 < share < 1 else 0
