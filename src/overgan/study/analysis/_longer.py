"""What twice the iterations would bring, and where that is worth them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from overgan.study.analysis._curves import extrapolate
from overgan.study.analysis._settled import CONFIDENCE, curves_of, trends


@dataclass(frozen=True)
class Outlook:
    """Where the mean of a width's runs goes on to: what would be measured at some iterations, with its interval."""

    iterations: tuple[float, ...]  # from the last that was trained to twice as many
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    now: float  # measured at the last iteration
    falls: float  # by at least this fraction in all these iterations, with 95 % confidence of all widths together


def outlooks(
    evaluations: pd.DataFrame, confidence: float = CONFIDENCE, *, times: Sequence[float] = (1.0, 2.0)
) -> dict[int, Outlook]:
    """The outlook of each width whose mean over runs can be extrapolated (`extrapolate`), at a constant learning rate.

    evaluations: as of `trends`. confidence: that a value is between low and high.
    times: at how many times the iterations that were trained, rising from 1.
    """
    by_width = curves_of(evaluations)
    found = {}
    for width, curves in by_width.items():
        t, means = curves.index.to_numpy(float).tolist(), curves.mean(axis=1).to_numpy(float).tolist()
        ahead = _outlook(tuple(t), tuple(means), tuple(times), confidence, (1 - CONFIDENCE) / len(by_width))
        if ahead is not None:
            found[width] = ahead
    return found


@functools.lru_cache(
    maxsize=256
)  # it takes a tenth of a second, and a report asks for that of each width several times
def _outlook(
    t: tuple[float, ...], means: tuple[float, ...], times: tuple[float, ...], confidence: float, error: float
) -> Outlook | None:
    at = tuple(factor * t[-1] for factor in times)
    ahead = extrapolate(t, means, at)
    if ahead is None:
        return None
    value, low, high = map(tuple, ahead.interval(confidence).tolist())
    _, _, most = ahead.change(error)
    return Outlook(at, value, low, high, means[-1], 1 - most)


def worth_longer(evaluations: pd.DataFrame, tolerance: float) -> dict[int, float | None]:
    """The widths whose mean still falls by more than the tolerance, and by which fraction it fell in the last doubling.

    It falls if `trends` says so, or if its curve, extrapolated, does (`Outlook.falls`); the fraction is None if that
    alone says so. evaluations: as of `trends`, of runs at a constant learning rate.
    """
    found = {k: trend.fall for k, trend in trends(evaluations, tolerance).items() if trend.falling}
    ahead = {k: None for k, outlook in outlooks(evaluations).items() if outlook.falls > tolerance}
    return dict(sorted((ahead | found).items()))
