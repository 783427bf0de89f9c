"""Whether the distance from held-out images leaves that from training images behind as networks get wider."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from overgan.study.analysis._claim import Verdict
from overgan.study.analysis._contrast import Draws, Widths, interval, means_of, seeds_to_tell

TOLD = 2.0  # standard errors, by which a distance has to be above 0 that others are compared with

Runs = Float[np.ndarray, " runs"]


@dataclass(frozen=True)
class Growth:
    """Test less train distance against the width, all in parts of the mean test distance at the widest one."""

    gaps: dict[int, tuple[float, float, float]]  # by width: mean over runs, low, high
    value: float  # what it grows by from the narrowest width to the widest, on a line through them over log k
    low: float
    high: float
    seeds: float  # a width, that would tell whether that is above the tolerance; inf: none would


def why_no_growth(test: Mapping[int, Runs]) -> str:
    """What it lacks, in words; empty if there is an interval. test: finite distances of each run, by width."""
    if len(test) < 2:
        return f"that takes two widths with runs, and there {'is one' if test else 'are none'}"
    if max(map(len, test.values())) == 1:
        return "an interval takes two seeds of a width at least"
    of = test[max(test)]
    error = of.std(ddof=1) / math.sqrt(len(of)) if len(of) > 1 else 0.0
    if of.mean() <= TOLD * error:
        return f"the distance at k = {max(test)} is not told from 0"
    return ""


def gap_growth(
    train: Mapping[int, Runs], test: Mapping[int, Runs], draws: Draws | None, tolerance: float, confidence: float = 0.95
) -> Growth:
    """The gap of each width, and how much it grows.

    train, test: finite distances of each run, by width, of which `why_no_growth` has nothing to say. draws: of the
    gaps; None if nothing is known of them, and the intervals are then of seeds alone.

    Held-out images of another kind add a gap that does not depend on the width. So what counts is its slope over log k,
    by least squares weighted by each width's variance, which is that of seeds and draws. The gaps of runs vary about in
    proportion to the distance.
    """
    widest = max(test)
    distance = float(test[widest].mean())
    scale = np.array([abs(float(test[k].mean())) / distance for k in sorted(test)])
    of = means_of({k: (test[k] - train[k]) / distance for k in test}, np.maximum(scale, 1e-9))
    shared = draws.over(distance) if draws else None
    errors = np.array([shared.errors[k] if shared else 0.0 for k in of.widths])
    rise = interval(of, _rise(np.log(np.array(of.widths)), of.squares + errors**2), confidence, shared)
    each = {k: interval(of, of.at(k), confidence, shared) for k in of.widths}
    return Growth(
        {k: (at.value, at.low, at.high) for k, at in each.items()},
        rise.value,
        rise.low,
        rise.high,
        seeds_to_tell(of, rise, tolerance, confidence),
    )


def growth_verdict(found: Growth, tolerance: float) -> Verdict:
    """Whether the gap does not grow by more than the tolerance."""
    if found.high <= tolerance:
        return "supports"
    return "contradicts" if found.low > tolerance else "cannot tell"


def _rise(x: Widths, variances: Widths) -> Widths:
    """The contrast that is what the line of weighted least squares rises by from the first x to the last."""
    weights = 1 / np.maximum(variances, max(float(variances.max()), 1e-12) * 1e-9)
    apart = x - weights @ x / weights.sum()
    found: Widths = weights * apart / (weights @ apart**2) * (x[-1] - x[0])
    return found
