"""Tests of pairs of widths by runs matched by their seeds, which may be looked at again and again.

Width i is enough against l if μ_i ≤ a_l μ_l, where a_l = 1 + τ (1 − τ for a mean below 0). The runs of both with the
same seed give D_s = x_is − a_l x_ls, s = 1 … n, whose mean is at most 0 exactly if that is so. docs/sure.md derives
what is here.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Bool, Float, Int64

FEWEST = 3  # runs of a pair, before which it is not looked at
LOST = 6  # runs, after which a width is lost if all of them diverged
WEIGHT = 6  # of the looks: the larger, the more evenly the error is shared among them

Values = Sequence[Float[np.ndarray, " _"]]
Pairs = Float[np.ndarray, "widths widths"]
Shown = Bool[np.ndarray, "widths widths"]


def looks() -> Iterator[int]:
    """The numbers of runs at which a pair is looked at: 3, 4, 6, 8, 12, 16, 24, …"""
    yield FEWEST
    for power in itertools.count(2):
        yield 2**power
        yield 3 * 2 ** (power - 1)


def next_look(runs: int) -> int:
    """The first one after so many runs."""
    return next(n for n in looks() if n > runs)


@functools.lru_cache(maxsize=4096)
def critical(level: float, most: int) -> Float[np.ndarray, " looks"]:
    """What Student's t has to exceed at each look up to `most` runs.

    The probability that it does so at any look there may ever be is at most `level`, if D is normal with a mean of 0
    or less, whatever its variance: look r = 0, 1, … has the share w/((r + w)(r + w + 1)) of it, and these add up to 1.
    """
    numbers = np.array([*itertools.takewhile(lambda n: n <= most, looks())])
    r = np.arange(len(numbers))
    return np.asarray(scipy.stats.t.isf(level * WEIGHT / ((r + WEIGHT) * (r + WEIGHT + 1)), numbers - 1))


def as_judged(values: Float[np.ndarray, " runs"]) -> Float[np.ndarray, " runs"]:
    """The values with that of each diverged run (inf) put at twice the distance from 0 of the others' mean.

    A share p of diverged runs so makes a mean above 0 (1 + p) times as large. If all diverged they stay.
    """
    finished = values[np.isfinite(values)]
    if len(finished) in (0, len(values)):
        return values
    return np.where(np.isfinite(values), values, finished.mean() + abs(finished.mean()))


@dataclass(frozen=True)
class Evidence:
    """What all looks together say of each pair: row i, column l. The diagonal says nothing."""

    runs: Int64[np.ndarray, "widths widths"]  # that are matched
    effect: Pairs  # by all of these: the mean of D over its deviation; above 0 if i seems not enough; NaN if unknown
    enough: Shown  # i is shown to be enough against l
    too_much: Shown  # i is shown to be above l by more than the tolerance


def evidence(values: Values, tolerance: float, enough: Pairs, too_much: Pairs) -> Evidence:
    """Every look at every pair.

    values: of each run by width, in the common order of seeds; inf is a run that diverged.
    enough, too_much: the error allowed for showing each of both, of each pair.

    Where any run of the study diverged, each test counts one more against what it would show: that a few runs came
    through does not show that all would. A width of which all runs diverged, six at least, is lost.
    """
    counts = np.array([len(v) for v in values])
    matched = np.minimum.outer(counts, counts)
    careful = any(np.isinf(v).any() for v in values)
    lost = np.array([len(v) >= LOST and bool(np.isinf(v).all()) for v in values])
    apart = ~np.eye(len(values), dtype=np.bool_)
    shown = np.stack([~lost[:, None] & lost, lost[:, None] & ~lost])
    effect = np.full(matched.shape, np.nan)
    levels = np.stack([enough, too_much])
    most = int(matched[apart].max(initial=0))
    for place, n in enumerate(itertools.takewhile(lambda n: n <= most, looks())):
        here = np.flatnonzero(counts >= n)
        of = np.ix_(np.arange(2), here, here)
        t = np.stack(_students(_differences(values, here, n, tolerance), careful))
        shown[of] |= t > _bounds(levels[of], most, place)
    for n in np.unique(matched[apart]):
        here = np.flatnonzero(counts >= n)
        of = np.ix_(here, here)
        effect[of] = np.where(matched[of] == n, _effects(_differences(values, here, int(n), tolerance)), effect[of])
    return Evidence(matched, effect, shown[0] & apart, shown[1] & apart)


@dataclass(frozen=True)
class _Differences:
    """D of each pair, by as many runs of all widths."""

    runs: int
    means: Pairs  # of D; ∞ where all of i diverged, −∞ where all of l, NaN where both
    variances: Pairs  # NaN of one run
    if_row: Pairs  # what D would be in the mean if i had diverged
    if_column: Pairs  # if l had


def _differences(values: Values, here: Int64[np.ndarray, " some"], n: int, tolerance: float) -> _Differences:
    x = np.stack([as_judged(values[i][:n]) for i in here])
    lost = np.isinf(x).any(1)
    x[lost] = 0.0
    means = x.mean(1)
    slope = 1 + tolerance * np.sign(means)
    gram = np.atleast_2d(np.cov(x)) if n > 1 else np.full((len(x), len(x)), np.nan)
    own = np.diag(gram)
    d = means[:, None] - slope * means
    far = means + np.abs(means)
    d[lost, :], d[:, lost], d[np.ix_(lost, lost)] = np.inf, -np.inf, np.nan
    variances = np.maximum(own[:, None] - slope * gram - slope * gram.T + slope**2 * own, 0.0)
    return _Differences(n, d, variances, far[:, None] - slope * means, means[:, None] - slope * far)


def _effects(of: _Differences) -> Pairs:
    """The means of D in its deviations; ±∞ where it has none, NaN of one run."""
    without = np.where(of.means > 0, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Pairs = np.where(of.variances == 0, without, of.means / np.sqrt(of.variances))
    return found


def _students(of: _Differences, careful: bool) -> tuple[Pairs, Pairs]:
    """Student's t of −D and of D, each with one more diverged run against it if one has to be careful."""
    both = []
    for sign, against in ((-1, of.if_row), (1, of.if_column)):
        d = _with(of, against) if careful else of
        finite = np.isfinite(of.means)
        both.append(np.where(finite, sign * np.sqrt(d.runs) * _effects(d), 0.0))
    return both[0], both[1]


def _with(of: _Differences, one: Pairs) -> _Differences:
    """The same with one more value of D."""
    n = of.runs
    apart = one - np.where(np.isfinite(of.means), of.means, one)
    variances = ((n - 1) * of.variances + n / (n + 1) * apart**2) / n
    return _Differences(n + 1, one - apart * n / (n + 1), variances, of.if_row, of.if_column)


def _bounds(levels: Float[np.ndarray, "both some some"], most: int, place: int) -> Float[np.ndarray, "both some some"]:
    return np.reshape([critical(float(level), most)[place] for level in levels.ravel()], levels.shape)
