"""What the seeds of each width say together: their mean, and how far they spread."""

import math

import pandas as pd

from overgan.report import Series

DEVIATION = "one standard deviation to each side"
RANGE = "from the least to the greatest"


def mean_and_deviation(name: str, frame: pd.DataFrame, x: str, y: str, color: str) -> Series:
    """Mean of column y at each value of column x, ± the standard deviation (n − 1); where one value is, nothing."""
    of = finite(frame, y).groupby(x)[y].agg(["mean", "std"]).astype(float)
    mean, spread = of["mean"].tolist(), [0.0 if math.isnan(s) else s for s in of["std"]]
    low = [m - s for m, s in zip(mean, spread, strict=True)]
    high = [m + s for m, s in zip(mean, spread, strict=True)]
    return Series(name, of.index.tolist(), mean, low, high, color)


def mean_and_range(name: str, frame: pd.DataFrame, x: str, y: str, color: str) -> Series:
    """Mean of column y at each value of column x, from the least to the greatest."""
    of = finite(frame, y).groupby(x)[y].agg(["mean", "min", "max"]).astype(float)
    return Series(name, of.index.tolist(), of["mean"].tolist(), of["min"].tolist(), of["max"].tolist(), color)


def finite(frame: pd.DataFrame, y: str) -> pd.DataFrame:
    """The rows whose column y is a number."""
    values = pd.to_numeric(frame[y], errors="coerce").astype(float)
    return frame.assign(**{y: values})[values.abs() < math.inf]
