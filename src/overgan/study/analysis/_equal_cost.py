"""Where the best pair of widths lies among those that cost no more; less is better."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from overgan.study.analysis._balance import Sets, balance, may_be_best
from overgan.study.analysis._claim import Verdict
from overgan.study.analysis._pairs import as_judged

COMPARABLE = 4.0  # times as wide, from which on two networks are not of comparable widths
MOST_COSTS = 3  # at which the best pair is looked for: the more there are, the more runs it takes to tell


@dataclass(frozen=True)
class AtCost:
    """Of the pairs of widths that cost no more: the best one, and those that may be, as places among all pairs."""

    cost: float
    best: int
    may_be_best: tuple[int, ...]
    verdict: Verdict  # whether pairs of comparable widths are best


def at_equal_cost(
    sets: Sets,
    costs: Float[np.ndarray, " pairs"],
    ratios: Float[np.ndarray, " pairs"],
    tolerance: float,
    confidence: float = 0.95,
) -> list[AtCost]:
    """The best pair at several costs, evenly among those at which pairs of comparable and of other widths are in reach.

    sets: runs of each pair; inf is one that diverged. ratios: of its widths. tolerance: of `balance`.

    What is said of all costs holds together with the confidence. Pairs without runs, or whose runs all diverged, are
    left out.
    """
    there = np.array([len(runs) > 0 and bool(np.isfinite(runs).any()) for runs in sets], np.bool_)
    near = comparable(ratios)
    levels = [float(c) for c in np.unique(costs[there]) if _both(near[there & (costs <= c)])]
    chosen = (
        [levels[i] for i in sorted({round(x) for x in np.linspace(0, len(levels) - 1, MOST_COSTS)})] if levels else []
    )
    each = 1 - (1 - confidence) / max(1, len(chosen))
    return [_at(cost, np.flatnonzero(there & (costs <= cost)), sets, near, tolerance, each) for cost in chosen]


def comparable(ratios: Float[np.ndarray, " pairs"]) -> Bool[np.ndarray, " pairs"]:
    """Whether widths of such a ratio are of comparable size."""
    found: Bool[np.ndarray, " pairs"] = np.abs(np.log(ratios)) < math.log(COMPARABLE) - 1e-9  # of rounding
    return found


def _both(near: Bool[np.ndarray, " _"]) -> bool:
    return bool(near.any() and not near.all())


def _at(
    cost: float, places: np.ndarray, sets: Sets, near: Bool[np.ndarray, " pairs"], tolerance: float, confidence: float
) -> AtCost:
    reached: Sequence[Float[np.ndarray, " _"]] = [sets[place] for place in places]
    may_be = may_be_best(reached, confidence)
    means = [float(as_judged(runs).mean()) for runs in reached]
    verdict = balance(reached, near[places], np.zeros(len(places), np.bool_), tolerance, confidence)
    return AtCost(cost, int(places[int(np.argmin(means))]), tuple(int(p) for p in places[may_be]), verdict)
