"""Tests of pairs of widths by runs matched by their seeds, which may be looked at again and again.

Width i is enough against l if μ_i ≤ a_l μ_l, where a_l = 1 + τ (1 − τ for a mean below 0). The runs of both with the
same seed give D_s = x_is − a_l x_ls, s = 1 … n, whose mean is at most 0 exactly if that is so. docs/sure.md derives
what is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Bool, Float, Int64

LOOKS = np.array([3, *(n << power for power in range(10) for n in (4, 5, 6, 7))])[:-1]  # runs of a pair: 3 … 3,072
# Decimal logarithms of levels, and what part each is of the sum of its looks' levels, rounded up
TOGETHER = (
    (-12.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, -0.3),
    (1.0, 0.89, 0.86, 0.83, 0.78, 0.72, 0.63, 0.51, 0.34, 0.17),
)
LOST = 6  # runs of a width, after which it is lost if all of them diverged

Values = Sequence[Float[np.ndarray, " _"]]
Pairs = Float[np.ndarray, "widths widths"]
Shown = Bool[np.ndarray, "widths widths"]
AtLooks = Float[np.ndarray, "looks widths widths"]


def next_look(runs: int) -> int:
    """The first one after so many runs; the last one after more."""
    return int(LOOKS[min(int((runs >= LOOKS).sum()), len(LOOKS) - 1)])


def critical(levels: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape looks"]:
    """What Student's t has to exceed at each look, so that it does so at any with at most these probabilities.

    That holds if D is normal with a mean of 0 or less, whatever its variance. The levels of single looks add up to
    more, as those that follow each other mislead together (`benchmarks/until_sure.py looks`). Of R looks the r-th has
    one in proportion to (R + 1 − r)^1.5, and less below 12 runs, which simulation showed to need the fewest runs.
    """
    shares = np.arange(len(LOOKS), 0, -1) ** 1.5 * np.minimum(LOOKS / 12, 1)
    with np.errstate(divide="ignore"):
        of_looks = levels / np.interp(np.log10(levels), *TOGETHER)
    return np.asarray(scipy.stats.t.isf(of_looks[..., None] * shares / shares.sum(), LOOKS - 1))


def as_judged(values: Float[np.ndarray, " runs"]) -> Float[np.ndarray, " runs"]:
    """The values with that of each diverged run (inf) put above the others' mean by its size.

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
    lost: Bool[np.ndarray, " widths"]  # all runs diverged, and they are enough to say that most would


def evidence(values: Values, tolerance: float, enough: AtLooks, too_much: AtLooks) -> Evidence:
    """Every look at every pair.

    values: of each run by width, in the common order of seeds; inf is a run that diverged.
    enough, too_much: what Student's t has to exceed to show each of both.

    Where any run of the study diverged, each test counts one more against what it would show: that a few runs came
    through does not show that all would. A width of which all runs diverged, six at least, is lost.
    """
    counts = np.array([len(v) for v in values])
    matched = np.minimum.outer(counts, counts)
    most = int(np.sort(counts)[-2:][0])  # of a pair
    of_looks = int((most >= LOOKS).sum())
    own = np.unique(matched[matched <= most])
    d = _differences(values, np.concatenate([LOOKS[:of_looks], own]), tolerance)
    careful = any(np.isinf(v).any() for v in values)
    lost = np.array([len(v) >= LOST and bool(np.isinf(v).all()) for v in values])
    shown = [~lost[:, None] & lost, lost[:, None] & ~lost]
    for place, (sign, against, bounds) in enumerate(((-1, d.if_row, enough), (1, d.if_column, too_much))):
        of = _with(d, against) if careful else d
        t = sign * np.sqrt(of.runs) * _effects(of)
        known = np.isfinite(d.means) & ~np.eye(len(values), dtype=np.bool_)
        shown[place] |= ((t[:of_looks] > bounds[:of_looks]) & known[:of_looks]).any(0)
    row = of_looks + np.searchsorted(own, np.minimum(matched, most))
    return Evidence(matched, np.take_along_axis(_effects(d), row[None], 0)[0], shown[0], shown[1], lost)


@dataclass(frozen=True)
class _Differences:
    """D of each pair by its first runs, of several numbers of these."""

    runs: Float[np.ndarray, "numbers 1 1"]
    means: Float[np.ndarray, "numbers widths widths"]  # ∞ where all of i diverged, −∞ where all of l; NaN if too few
    variances: Float[np.ndarray, "numbers widths widths"]  # NaN of one run
    if_row: Float[np.ndarray, "numbers widths widths"]  # what D is in the mean if i diverges
    if_column: Float[np.ndarray, "numbers widths widths"]  # if l does


def _differences(values: Values, numbers: Int64[np.ndarray, " numbers"], tolerance: float) -> _Differences:
    most = int(numbers.max())
    x = np.zeros((len(values), most))
    for row, of in zip(x, values, strict=True):
        row[: len(of)] = of[:most]
    diverged = np.isinf(x)
    x[diverged] = 0.0
    n = numbers[:, None].astype(np.float64)
    first = np.arange(most) < n
    finished = first @ (~diverged).T.astype(np.float64)
    means = first @ x.T / np.maximum(finished, 1)
    far = means + np.abs(means)  # as_judged
    means += (1 - finished / n) * (far - means)
    means[n > np.array([len(v) for v in values])] = np.nan
    slope = (1 + tolerance * np.sign(means))[:, None]
    apart = np.where(diverged, far[:, :, None], x) - means[:, :, None]
    apart *= first[:, None]
    with np.errstate(invalid="ignore"):
        gram = apart @ apart.transpose(0, 2, 1) / np.where(n > 1, n - 1, np.nan)[:, :, None]
    own = np.diagonal(gram, axis1=1, axis2=2)
    variances = own[:, :, None] - slope * (gram + gram.transpose(0, 2, 1)) + slope**2 * own[:, None]
    reached = np.where(finished > 0, means, np.inf)
    with np.errstate(invalid="ignore"):
        d = reached[:, :, None] - slope * reached[:, None]
    return _Differences(
        runs=n[:, :, None],
        means=d,
        variances=np.maximum(variances, 0.0),
        if_row=far[:, :, None] - slope * means[:, None],
        if_column=means[:, :, None] - slope * far[:, None],
    )


def _effects(of: _Differences) -> Float[np.ndarray, "numbers widths widths"]:
    """The means of D in its deviations; ±∞ where it has none, NaN where it is unknown."""
    without = np.where(of.means > 0, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Float[np.ndarray, "numbers widths widths"] = np.where(
            of.variances == 0, without, of.means / np.sqrt(of.variances)
        )
    return found


def _with(of: _Differences, one: Float[np.ndarray, "numbers widths widths"]) -> _Differences:
    """The same with one more value of D."""
    n = of.runs
    with np.errstate(invalid="ignore"):
        apart = one - of.means
        variances = ((n - 1) * of.variances + n / (n + 1) * apart**2) / n
        return _Differences(n + 1, of.means + apart / (n + 1), variances, of.if_row, of.if_column)
