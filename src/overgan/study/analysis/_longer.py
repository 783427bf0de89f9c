"""What twice the iterations would bring, and where that is worth them."""

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
        mean, t = curves.mean(axis=1), curves.index.to_numpy(float)
        at = [factor * t[-1] for factor in times]
        ahead = extrapolate(t, mean.to_numpy(), at)
        if ahead is not None:
            value, low, high = map(tuple, ahead.interval(confidence).tolist())
            _, _, most = ahead.change((1 - CONFIDENCE) / len(by_width))
            found[width] = Outlook(tuple(at), value, low, high, float(mean.iloc[-1]), 1 - most)
    return found


def worth_longer(evaluations: pd.DataFrame, tolerance: float) -> dict[int, float | None]:
    """The widths whose mean still falls by more than the tolerance, and by which fraction it fell in the last doubling.

    It falls if `trends` says so, or if its curve, extrapolated, does (`Outlook.falls`); the fraction is None if that
    alone says so. evaluations: as of `trends`, of runs at a constant learning rate.
    """
    found = {k: trend.fall for k, trend in trends(evaluations, tolerance).items() if trend.falling}
    ahead = {k: None for k, outlook in outlooks(evaluations).items() if outlook.falls > tolerance}
    return dict(sorted((ahead | found).items()))
