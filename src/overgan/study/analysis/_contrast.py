"""Intervals of sums of widths' means, each by a few runs, and of what all of them share."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

from overgan.study.analysis._spread import cautious

POWER = 0.8  # share of studies in which a number of seeds is to tell

Runs = Sequence[float] | Float[np.ndarray, " runs"]
Widths = Float[np.ndarray, " widths"]


@dataclass(frozen=True)
class Means:
    """The mean of each width, its squared standard error over seeds, and the degrees of freedom of that."""

    widths: tuple[int, ...]
    counts: Widths
    means: Widths
    squares: Widths
    freedom: Widths

    @property
    def pooled(self) -> bool:
        """Whether all errors come from one estimate."""
        return bool((self.freedom >= (self.counts - 1).sum()).all())

    def at(self, width: int, less: int | None = None) -> Widths:
        """The contrast that is the mean of a width, less that of another."""
        one = np.array([float(k == width) for k in self.widths])
        return one if less is None else one - self.at(less)


@dataclass(frozen=True)
class Draws:
    """By how much another draw of the real images, which all runs share, changes means; more seeds do not help."""

    errors: Mapping[int, float]  # standard, of each width's mean
    freedom: float = math.inf  # of each

    def over(self, size: float) -> "Draws":
        """Those of means that are divided by a number."""
        return Draws({k: error / size for k, error in self.errors.items()}, self.freedom)


@dataclass(frozen=True)
class Interval:
    """An interval of a contrast, and what it comes from."""

    value: float
    low: float
    high: float
    seeds: float  # the part of its variance that more seeds make smaller
    draws: float  # the other one


def means_of(values: Mapping[int, Runs], scale: Widths | None = None) -> Means:
    """Those of the widths that have runs, of which one at least has two.

    values: finite ones of each run, by width. Deviations lend each other strength over the widths (`cautious`), in
    proportion to the scale, by default as they are.
    """
    widths = tuple(sorted(k for k, of in values.items() if len(of)))
    runs = [np.asarray(values[k], np.float64) for k in widths]
    counts = np.array([float(len(of)) for of in runs])
    scale = np.ones(len(widths)) if scale is None else scale
    variances = np.array([(of / s).var(ddof=1) if len(of) > 1 else 0.0 for of, s in zip(runs, scale, strict=True)])
    relative, freedom = cautious(variances, counts - 1)
    return Means(widths, counts, np.array([of.mean() for of in runs]), relative * scale**2 / counts, freedom)


def interval(of: Means, contrast: Widths, confidence: float, draws: Draws | None = None) -> Interval:
    """Student's of Σ c_i μ_i, with Welch's degrees of freedom.

    The seeds of different widths are independent. What they share changes all means together, with a correlation ρ ≥ 0
    that is not known, taken to be the same between any two widths. The variance that it gives is linear in ρ, so the
    larger of those at ρ = 0, Σ c_i² e_i², and at ρ = 1, (Σ c_i e_i)², is taken. Of unequal correlations the worst have
    (Σ₊ c_i e_i)² + (Σ₋ c_i e_i)², over positive and negative weights, up to several times as much.
    """
    parts = contrast**2 * of.squares
    errors = np.array([draws.errors[k] if draws else 0.0 for k in of.widths])
    shared = max(float((contrast**2 * errors**2).sum()), float((contrast @ errors) ** 2))
    seeds = float(parts.sum())
    own = float(of.freedom[0]) if of.pooled else _welch(parts, of.freedom)
    freedom = _welch(np.array([seeds, shared]), np.array([own, draws.freedom if draws else math.inf]))
    value, error = float(contrast @ of.means), math.sqrt(seeds + shared)
    t = float(scipy.stats.t.isf((1 - confidence) / 2, freedom))
    return Interval(value, value - t * error, value + t * error, seeds, shared)


def seeds_to_tell(of: Means, found: Interval, border: float, confidence: float, power: float = POWER) -> float:
    """The seeds a width with which the contrast shows on which side of a border it is, in so many of the studies.

    That is if means and deviations are what they seem to be; inf if what the widths share alone leaves it open.
    """
    quantiles = float(scipy.stats.norm.isf((1 - confidence) / 2) + scipy.stats.norm.ppf(power))
    error = abs(found.value - border) / quantiles
    return found.seeds * float(of.counts.mean()) / (error**2 - found.draws) if error**2 > found.draws else math.inf


def _welch(parts: Widths, freedom: Widths) -> float:
    """The degrees of freedom of a sum of variances (Welch and Satterthwaite)."""
    some = parts > 0
    below = float((parts[some] ** 2 / freedom[some]).sum())
    return float(parts.sum()) ** 2 / below if below > 0 else math.inf
