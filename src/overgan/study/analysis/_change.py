"""By which factor a mean distance changes with the width, with intervals; less is better.

The logarithm of a width's mean has a standard error of about that of the mean over its size. The relative deviations of
runs lend each other strength over the widths (`cautious`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._spread import cautious

DRAWS = 40_000  # the level of a 97.5 % quantile is then right to 0.1 %
POWER = 0.8

Values = Mapping[int, Sequence[float] | Float[np.ndarray, " _"]]


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
        return f"a change with the width takes two widths with runs, and there {'is one' if some else 'are none'}"
    if max(map(len, some)) == 1:
        return "an interval takes two seeds of a width at least"
    if min(float(np.mean(of)) for of in some) <= 0:
        return "a relative change takes means above 0"
    return ""


def best_change(values: Values, tolerance: float, confidence: float = 0.95) -> Change:
    """From the narrowest width to the best of the wider ones, which the runs themselves choose.

    The interval holds the change θ = min θ_i of the widths i that are wider, θ_i = log μ_i/μ_0. Its low end is the
    least of theirs at half of the error: one that is above θ is above the θ_i of the best one, too. Its high end is the
    least of theirs at half of the error for all together (one-sided Dunnett, 1955): θ is above none of these.

    seeds: to show it below 0, or that it is not below −log(1 + tolerance), whichever takes fewer.

    values: finite ones of each run, by width; `why_no_change` must have nothing to say of them.
    """
    logs = _logs(values)
    theta = logs.means[1:] - logs.means[0]
    errors = np.sqrt(logs.squares[1:] + logs.squares[0])
    half = (1 - confidence) / 2
    single = np.array([_student(logs, 0, i, half) for i in range(1, len(logs.widths))])
    together = _dunnett(logs, half)
    best = int(theta.argmin())
    low, high = float((theta - single * errors).min()), float((theta + together * errors).min())
    runs = 2 / (1 / logs.counts[0] + 1 / logs.counts[best + 1])
    below = _more(float(-theta[best]), float(errors[best]), together)
    level = _more(float(theta[best]) + math.log1p(tolerance), float(errors[best]), float(single[best]))
    ends = math.expm1(theta[best]), math.expm1(low), math.expm1(high)
    return Change(logs.widths[0], logs.widths[best + 1], *ends, float(runs * min(below, level)))


def last_doubling(values: Values, tolerance: float, confidence: float = 0.95) -> Change:
    """From the widest width that is at most half as wide as the widest one, or else the narrowest, to that one.

    Where they are not a factor of two apart it is the change in each doubling between them. The interval is Student's,
    as Welch has it. seeds: to show it within the tolerance, or beyond it, whichever seems to be so.

    values: as of `best_change`.
    """
    logs = _logs(values)
    widest = logs.widths[-1]
    place = max((i for i, k in enumerate(logs.widths) if 2 * k <= widest), default=0)
    doublings = math.log2(widest / logs.widths[place])
    theta = float(logs.means[-1] - logs.means[place]) / doublings
    error = math.sqrt(logs.squares[-1] + logs.squares[place]) / doublings
    t = _student(logs, place, len(logs.widths) - 1, (1 - confidence) / 2)
    margin = abs(abs(theta) - math.log1p(tolerance))
    runs = 2 / (1 / logs.counts[-1] + 1 / logs.counts[place])
    ends = math.expm1(theta), math.expm1(theta - t * error), math.expm1(theta + t * error)
    return Change(logs.widths[place], widest, *ends, float(runs * _more(margin, error, t)))


@dataclass(frozen=True)
class _Logs:
    """Of each width the logarithm of the mean, its squared error and the degrees of freedom of that."""

    widths: tuple[int, ...]
    counts: Float[np.ndarray, " widths"]
    means: Float[np.ndarray, " widths"]
    squares: Float[np.ndarray, " widths"]
    freedom: Float[np.ndarray, " widths"]

    @property
    def pooled(self) -> bool:
        """Whether all errors come from one estimate."""
        return bool((self.freedom >= (self.counts - 1).sum()).all())


def _logs(values: Values) -> _Logs:
    widths = tuple(sorted(k for k, of in values.items() if len(of)))
    runs = [np.asarray(values[k], np.float64) for k in widths]
    means, counts = np.array([of.mean() for of in runs]), np.array([float(len(of)) for of in runs])
    squares = np.array([of.var(ddof=1) if len(of) > 1 else 0.0 for of in runs]) / means**2
    variances, freedom = cautious(squares, counts - 1)
    return _Logs(widths, counts, np.log(means), variances / counts, freedom)


def _student(logs: _Logs, i: int, j: int, error: float) -> float:
    """The quantile of Student's t for the difference of two widths, with Welch's degrees of freedom."""
    squares, freedom = logs.squares[[i, j]], logs.freedom[[i, j]]
    total = float(squares.sum())
    if logs.pooled or total == 0:
        return float(scipy.stats.t.isf(error, freedom.max()))
    own = squares > 0
    return float(scipy.stats.t.isf(error, total**2 / float((squares[own] ** 2 / freedom[own]).sum())))


def _dunnett(logs: _Logs, error: float) -> float:
    """What the largest t of all differences from the narrowest width exceeds with this probability, by simulation."""
    random = np.random.default_rng(0)
    shape = (DRAWS, len(logs.widths))
    noise = random.standard_normal(shape) * np.sqrt(logs.squares)
    chi = random.chisquare(logs.freedom[0], (DRAWS, 1)) if logs.pooled else random.chisquare(logs.freedom, shape)
    found = chi / logs.freedom * logs.squares
    errors = np.sqrt(found[:, 1:] + found[:, :1])
    t = np.zeros_like(errors)
    np.divide(noise[:, 1:] - noise[:, :1], errors, out=t, where=errors > 0)
    return float(np.quantile(t.max(1), 1 - error))


def _more(margin: float, error: float, quantile: float) -> float:
    """How many times as many runs show a difference that is so far from a border."""
    if margin <= 0:
        return math.inf
    return ((quantile + float(scipy.stats.norm.ppf(POWER))) * error / margin) ** 2
