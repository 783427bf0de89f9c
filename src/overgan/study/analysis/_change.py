"""By which factor a mean distance changes with the width, with intervals; less is better.

The logarithm of a width's mean has a standard error of about that of the mean over its size.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from overgan.study.analysis._claim import Verdict
from overgan.study.analysis._contrast import POWER, Interval, Means, Runs, interval, means_of, seeds_to_tell

FURTHEST = 700.0  # logarithm of the factor by which anything changes: else numbers would not do
DRAWS = 40_000  # the level of a 97.5 % quantile is then right to 0.1 %

Values = Mapping[int, Runs]


@dataclass(frozen=True)
class Change:
    """What a mean is multiplied by from one width to another, less 1: −0.2 is 20 % lower."""

    narrow: int
    wide: int
    value: float
    low: float
    high: float
    seeds: float  # a width, that about would tell in 80 % of studies, if means and deviations are what they seem to be


def why_no_change(values: Values) -> str:
    """What a change lacks, in words; empty if it has an interval. values: finite ones of each run, by width."""
    some = [of for of in values.values() if len(of)]
    if len(some) < 2:
        return f"that takes two widths with runs, and there {'is one' if some else 'are none'}"
    if max(map(len, some)) == 1:
        return "an interval takes two seeds of a width at least"
    if min(float(np.mean(of)) for of in some) <= 0:
        return "a relative change takes means above 0"
    return ""


def best_change(values: Values, tolerance: float, confidence: float = 0.95) -> Change:
    """From the narrowest width to the best of the wider ones, which the runs themselves choose.

    The interval holds the change θ = min θ_i of the widths i that are wider, θ_i = log μ_i/μ_0. Its low end is the
    least of theirs at half of the error: one that is above θ is above the θ_i of the best one, too. Its high end is the
    least of theirs at half of the error for all together (one-sided, after Dunnett, 1955): θ is above none of these.

    seeds: to show it below 0, or that it is not below −log(1 + tolerance), whichever takes fewer.

    values: finite ones of each run, by width; `why_no_change` must have nothing to say of them.
    """
    logs = _logs(values)
    narrow, *wider = logs.widths
    of = [interval(logs, logs.at(k, narrow), confidence) for k in wider]
    together = _dunnett(logs, (1 - confidence) / 2)
    best = min(range(len(of)), key=lambda i: of[i].value)
    high = min(one.value + together * math.sqrt(one.seeds) for one in of)
    border = -math.log1p(tolerance)
    below = seeds_to_tell(logs, of[best], 0.0, confidence) if of[best].value < 0 else math.inf
    level = seeds_to_tell(logs, of[best], border, confidence) if of[best].value > border else math.inf
    ends = replace(of[best], low=min(one.low for one in of), high=high)
    return _change(narrow, wider[best], ends, min(below, level))


def last_doubling(values: Values, tolerance: float, confidence: float = 0.95) -> Change:
    """From the widest width that is at most half as wide as the widest one, or else the narrowest, to that one.

    Where they are not a factor of two apart it is the change in each doubling between them. seeds: to show it within
    the tolerance, or beyond it, whichever seems to be so.

    values: as of `best_change`.
    """
    logs = _logs(values)
    widest = logs.widths[-1]
    narrower = max((k for k in logs.widths if 2 * k <= widest), default=logs.widths[0])
    found = interval(logs, logs.at(widest, narrower) / math.log2(widest / narrower), confidence)
    border = math.copysign(math.log1p(tolerance), found.value)
    power = POWER if abs(found.value) > abs(border) else (1 + POWER) / 2  # within, two borders can be missed
    return _change(narrower, widest, found, seeds_to_tell(logs, found, border, confidence, power))


def best_verdict(found: Change, tolerance: float) -> Verdict:
    """Whether wider is better, by `best_change`; contradicted if the narrowest width is within the tolerance of all."""
    if found.high < 0:
        return "supports"
    return "contradicts" if found.low > -tolerance / (1 + tolerance) else "cannot tell"


def doubling_verdict(found: Change, tolerance: float) -> Verdict:
    """Whether it has levelled off, by `last_doubling`; contradicted if it falls or rises by more than the tolerance."""
    least = -tolerance / (1 + tolerance)
    if found.low >= least and found.high <= tolerance:
        return "supports"
    return "contradicts" if found.high < least or found.low > tolerance else "cannot tell"


def _change(narrow: int, wide: int, found: Interval, seeds: float) -> Change:
    value, low, high = (math.expm1(min(x, FURTHEST)) for x in (found.value, found.low, found.high))
    return Change(narrow, wide, value, low, high, seeds)


def _logs(values: Values) -> Means:
    """The logarithms of the means."""
    means = np.array([float(np.mean(values[k])) for k in sorted(values) if len(values[k])])
    of = means_of(values, means)
    return replace(of, means=np.log(means), squares=of.squares / means**2)


def _dunnett(logs: Means, error: float) -> float:
    """What the largest t of all differences from the narrowest width exceeds with this probability."""
    if not logs.squares.any():
        return 0.0
    ratios = (logs.squares / logs.squares.max()).round(6)
    return _largest(tuple(ratios.tolist()), tuple(logs.freedom.tolist()), logs.pooled, error)


@functools.lru_cache(maxsize=64)
def _largest(ratios: tuple[float, ...], freedom: tuple[float, ...], pooled: bool, error: float) -> float:
    """The quantile by simulation. ratios: of the squared errors."""
    random, squares = np.random.default_rng(0), np.array(ratios)
    shape = (DRAWS, len(squares))
    noise = random.standard_normal(shape) * np.sqrt(squares)
    chi = random.chisquare(freedom[0], (DRAWS, 1)) if pooled else random.chisquare(freedom, shape)
    found = chi / np.array(freedom) * squares
    errors = np.sqrt(found[:, 1:] + found[:, :1])
    t = np.zeros_like(errors)
    np.divide(noise[:, 1:] - noise[:, :1], errors, out=t, where=errors > 0)
    return float(np.quantile(t.max(1), 1 - error))
