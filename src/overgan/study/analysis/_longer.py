"""What twice the iterations would bring, and where that is worth them."""

from dataclasses import dataclass

import pandas as pd

from overgan.study.analysis._curves import extrapolate
from overgan.study.analysis._settled import CONFIDENCE, curves_of, trends


@dataclass(frozen=True)
class Outlook:
    """Where the mean of a width's runs goes on to: what twice the iterations would give, with its interval."""

    iterations: int  # twice those that were trained
    now: float  # measured at the last iteration
    value: float
    low: float
    high: float
    falls: float  # by at least this fraction in these iterations, with 95 % confidence of all widths together


def outlooks(evaluations: pd.DataFrame, confidence: float = CONFIDENCE) -> dict[int, Outlook]:
    """The outlook of each width whose mean over runs can be extrapolated (`extrapolate`), at a constant learning rate.

    evaluations: as of `trends`. confidence: that the value there is between low and high.
    """
    by_width = curves_of(evaluations)
    found = {}
    for width, curves in by_width.items():
        mean, t = curves.mean(axis=1), curves.index.to_numpy(float)
        ends = extrapolate(t, mean.to_numpy(), [t[-1], 2 * t[-1]])
        if ends is not None:
            value, low, high = map(float, ends.interval(confidence)[:, -1])
            _, _, most = ends.change((1 - CONFIDENCE) / len(by_width))
            found[width] = Outlook(2 * int(t[-1]), float(mean.iloc[-1]), value, low, high, 1 - most)
    return found


def worth_longer(evaluations: pd.DataFrame, tolerance: float) -> dict[int, float | None]:
    """The widths whose mean still falls by more than the tolerance, and by which fraction it fell in the last doubling.

    It falls if `trends` says so, or if its curve, extrapolated, does (`Outlook.falls`); the fraction is None if that
    alone says so. evaluations: as of `trends`, of runs at a constant learning rate.
    """
    found = {k: trend.fall for k, trend in trends(evaluations, tolerance).items() if trend.falling}
    ahead = {k: None for k, outlook in outlooks(evaluations).items() if outlook.falls > tolerance}
    return dict(sorted((ahead | found).items()))
