"""Whether something goes with the width, by the order of its values alone: Kendall's τ, with an interval."""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float, Int

from overgan.study.analysis._claim import Estimate, Verdict

ARRANGEMENTS = 41_000  # of runs over widths, up to which all are counted; beyond, the normal approximation is close

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Kendall:
    """τ-b of runs' values with their widths: 1 if wider is always more, −1 if always less, as far as ties let it."""

    tau: float
    low: float
    high: float
    p_value: float  # that width changes nothing: of a τ as far from 0, if all runs were alike
    confidence: float
    more_runs: float  # by which factor there would have to be more, for as large a τ to be told from 0; inf at τ = 0

    @property
    def direction(self) -> int:
        """1 if values rise with the width, −1 if they fall, 0 if that is not sure."""
        if self.p_value > 1 - self.confidence:
            return 0
        return (self.low > 0) - (self.high < 0)

    def estimate(self, what: str) -> Estimate:
        """As a number of a claim. what: that goes with the width, in words."""
        return Estimate(f"Kendall's τ of k with {what}", self.tau, self.low, self.high, self.confidence)


def kendall(
    widths: Sequence[float] | Float[np.ndarray, " runs"],
    values: Sequence[float] | Float[np.ndarray, " runs"],
    confidence: float = 0.95,
) -> Kendall | None:
    """τ-b with its interval and p-value; None if all widths, or all values, are the same.

    values: of each run, none nan; an infinite one is above all others, and as large as every other infinite one: a run
    that never came to what is counted, which is censored at the end, has its place so.

    With S the number of pairs of runs in which the wider one has more, less that of those in which it has less, and n_x
    and n_y the pairs whose widths and whose values differ, τ-b = S / √(n_x n_y) (Kendall, 1970, chapter 3). Runs of one
    width are repeats, and tied: τ is at most √(n_x / n_y) in size. The p-value is the share of the ways to spread the
    values over the runs that have an |S| as large: up to 41,000 ways, such as those of 8 runs, or of 40 of which three
    diverged, all are counted; beyond, S is taken as normal with its variance under ties (chapter 4).

    The interval is all τ with (τ̂ − τ)² ≤ c² (1 − τ²), as Wilson's of a share. With c the largest |τ| that the
    permutation test does not reject, it leaves out 0 exactly where that test rejects, and the variance falls towards
    τ = ±1, where each order is as certain. Widths that differ in spread can make S vary more than if all runs were
    alike. Its variance over runs as they are is estimated from Σ_w n_w s_w², where s_w² is the variance, among the runs
    of a width, of what each adds to S (Hoeffding's projection; cf. DeLong, DeLong and Clarke-Pearson, 1988); if c is
    less than that says, it is set to it. What was measured of the coverage is in docs/claims.md.
    """
    x, y = np.asarray(widths, float), np.asarray(values, float)
    if len(x) < 2 or np.isnan(y).any():
        return None
    signs = _signs(x) * _signs(y)
    pairs = math.sqrt(_untied(x) * _untied(y))
    if pairs == 0:
        return None
    score, error = int(signs.sum()) // 2, 1 - confidence
    p_value, critical = _permuted(x, y, abs(score), error)
    tau, critical = score / pairs, critical / pairs
    if 0 < abs(tau) < 1:
        own = float(scipy.stats.norm.isf(error / 2)) * math.sqrt(_variance(x, signs.sum(1))) / pairs
        critical = max(critical, own / math.sqrt(1 - tau**2))
    low, high = _interval(tau, critical)
    more = (critical / tau) ** 2 if tau else math.inf
    return Kendall(tau, low, high, p_value, confidence, more)


def verdict(first: Kendall | None, others: Sequence[Kendall | None], claimed: int) -> Verdict:
    """What the numbers say of a claim.

    first: of the number that the claim rests on, which must be sure of a direction. others: none may be sure of the
    other direction. claimed: the direction, 1 or −1, that the claim asks for.
    """
    if first is None or first.direction == 0:
        return "cannot tell"
    if any(other is not None and other.direction == -first.direction for other in others):
        return "cannot tell"
    return "supports" if first.direction == claimed else "contradicts"


def _interval(tau: float, critical: float) -> tuple[float, float]:
    if math.isinf(critical):
        return -1.0, 1.0
    half = critical * math.sqrt(max(0.0, 1 + critical**2 - tau**2))
    return (tau - half) / (1 + critical**2), (tau + half) / (1 + critical**2)


def _signs(values: Float[np.ndarray, " n"]) -> Int[np.ndarray, "n n"]:
    """1 where the second is more than the first, −1 where it is less; infinite ones are the same."""
    first, second = values[:, None], values
    signs: Int[np.ndarray, "n n"] = (second > first).astype(int) - (second < first)
    return signs


def _sizes(values: Float[np.ndarray, " n"]) -> Sizes:
    """How many have each value, in their order."""
    return tuple(np.unique(values, return_counts=True)[1].tolist())


def _untied(values: Float[np.ndarray, " n"]) -> int:
    return math.comb(len(values), 2) - sum(math.comb(size, 2) for size in _sizes(values))


def _variance(x: Float[np.ndarray, " n"], added: Int[np.ndarray, " n"]) -> float:
    """Of S, from what each run adds to it: the mean variance stands for widths of one run."""
    by_width = [added[x == width] for width in np.unique(x)]
    known = [float(of.var(ddof=1)) for of in by_width if len(of) > 1]
    if not known:
        return 0.0
    return sum(len(of) * (float(of.var(ddof=1)) if len(of) > 1 else float(np.mean(known))) for of in by_width)


def _permuted(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], score: int, error: float) -> tuple[float, float]:
    """P(|S| ≥ score) if all runs are alike, and the largest |S| whose probability is above the error."""
    sizes, ties = sorted((_sizes(x), _sizes(y)), key=_ways)  # S is the same of y with x
    if _ways(sizes) > ARRANGEMENTS:
        deviation = math.sqrt(null_variance(sizes, ties))
        p_value = float(2 * scipy.stats.norm.sf(score / deviation))
        return min(1.0, p_value), float(scipy.stats.norm.isf(error / 2)) * deviation
    size, at_least = _exact(sizes, ties)
    not_rejected = size[at_least > error]
    attained = at_least[np.searchsorted(size, score)]
    return float(attained), math.inf if len(not_rejected) == len(size) else float(not_rejected[-1])


def _ways(sizes: Sizes) -> int:
    """To spread runs over groups of these sizes."""
    return math.factorial(sum(sizes)) // math.prod(map(math.factorial, sizes))


def null_variance(sizes: Sizes, ties: Sizes) -> float:
    """Of S, if all n runs are alike, with so many of each width, and of each value (Kendall, 1970, equation 4.4)."""
    n = sum(sizes)
    pairs, triples = ([sum(math.perm(t, r) for t in of) for of in (sizes, ties)] for r in (2, 3))
    weighted = [sum(t * (t - 1) * (2 * t + 5) for t in of) for of in ((n,), sizes, ties)]
    variance = (weighted[0] - weighted[1] - weighted[2]) / 18 + math.prod(pairs) / (2 * n * (n - 1))
    return variance + (math.prod(triples) / (9 * n * (n - 1) * (n - 2)) if n > 2 else 0.0)


@functools.lru_cache(maxsize=64)
def _exact(sizes: Sizes, ties: Sizes) -> tuple[Int[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """The sizes that S can have, rising, and the probability of each or more."""
    places = _arrangements(sizes)
    value = np.repeat(np.arange(len(ties)), ties)
    scores = np.zeros(len(places), int)
    for j in range(1, len(value)):
        rises = value[:j] < value[j]
        scores += np.sign(places[:, j, None].astype(int) - places[:, :j][:, rises]).sum(1)
    found, counts = np.unique(np.abs(scores), return_counts=True)
    return found, counts[::-1].cumsum()[::-1] / len(places)


@functools.lru_cache(maxsize=8)
def _arrangements(sizes: Sizes) -> Int[np.ndarray, "ways n"]:
    """All orders of so many runs of each width, as the places of the widths."""
    return np.array(list(_orders(list(sizes), [])), np.int8)


def _orders(left: list[int], order: list[int]) -> Iterator[list[int]]:
    if not any(left):
        yield list(order)
    for width, count in enumerate(left):
        if count:
            left[width] -= 1
            yield from _orders(left, [*order, width])
            left[width] += 1
