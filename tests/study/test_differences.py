"""Differences of means against Welch's test of SciPy's, and on simulated studies whose truth is known."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy

from overgan.study.analysis import differences

FEW = 200  # simulated families: a share of 5 % then has a standard deviation of 1.5 %


def test_of_one_pair_with_as_many_runs_and_even_spreads_it_is_welchs():
    """Both have the same variance, relative to their means: nothing is lent, so SciPy's test is the truth."""
    first = np.array([9.0, 10.0, 11.0])
    second = first * 1.5
    (found,) = differences([(first, second)], confidence=0.9)
    truth = scipy.stats.ttest_ind(second, first, equal_var=False)
    low, high = truth.confidence_interval(0.9)
    # the two relative variances are pooled, and have both sides' degrees of freedom, where Welch's have those of each
    share = (first.var(ddof=1) / 3, second.var(ddof=1) / 3)
    freedom = sum(share) ** 2 / sum(s**2 / 4 for s in share)
    reach = scipy.stats.t.ppf(0.95, freedom) * math.sqrt(sum(share))
    assert (found.first, found.second, found.value) == pytest.approx((10, 15, 5))
    assert (found.low, found.high) == pytest.approx((5 - reach, 5 + reach))
    assert found.p_value == pytest.approx(2 * scipy.stats.t.sf(5 / math.sqrt(sum(share)), freedom))
    assert low < found.low < found.high < high  # more degrees of freedom, a narrower interval


def test_each_of_several_has_its_share_of_the_error():
    random = np.random.default_rng(0)
    pairs = [(random.normal(10, 1, 5), random.normal(12, 1, 5)) for _ in range(4)]
    together = differences(pairs, confidence=0.96)
    alone = [differences(pairs, confidence=0.99)[place] for place in range(4)]
    for one, other in pairwise(together):
        assert one.different == (one.p_value < 0.04)
        assert math.isfinite(other.low)
    # at 0.99 with 4 the level is 0.0025 each, narrower than at 0.96, whose is 0.01
    assert all(a.high - a.low > b.high - b.low for a, b in zip(alone, together, strict=True))


def test_a_difference_is_different_exactly_if_its_p_value_says_so():
    random = np.random.default_rng(1)
    found = differences([(random.normal(10, 1, 4), random.normal(10 + shift, 1, 4)) for shift in range(8)])
    assert {of.different for of in found} == {True, False}
    assert all(of.different == (of.p_value < 0.05) for of in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0], [2.0, 3.0]), ([math.inf, math.inf], [2.0, 3.0]), ([1.0], [2.0])],
)
def test_one_run_or_diverged_ones_alone_tell_nothing(first, second):
    known = (np.array([5.0, 6.0, 7.0]), np.array([50.0, 60.0, 70.0]))
    unknown, other = differences([(np.array(first), np.array(second)), known])
    assert math.isnan(unknown.low)
    assert math.isnan(unknown.p_value)
    assert not unknown.different
    assert other == differences([(known[0], known[1])])[0] or other.different


def test_a_diverged_run_counts_as_twice_the_mean_of_the_others():
    runs, other = np.array([1.0, 3.0, math.inf]), np.array([2.0, 3.0, 4.0])
    (found,) = differences([(runs, other)])
    assert found.first == pytest.approx((1 + 3 + 4) / 3)


def test_runs_without_spread_differ_if_they_do():
    same, other = differences([(np.ones(3), np.ones(3)), (np.ones(3), 2 * np.ones(3))])
    assert (same.low, same.high, same.different) == (0, 0, False)
    assert (other.low, other.high, other.different) == (1, 1, True)


def simulated(random, spreads, runs, shift=0.0):
    """Two studies of the same means by width, 100/k, the second's shifted by a share."""
    means = 100 / np.arange(1, len(spreads) + 1)
    return [
        (m * (1 + s * random.standard_normal(runs[0])), m * (1 + shift) * (1 + s * random.standard_normal(runs[1])))
        for m, s in zip(means, spreads, strict=True)
    ]


@pytest.mark.parametrize(
    ("spreads", "runs"),
    [([0.05] * 6, (3, 3)), ([0.05] * 6, (3, 10)), ([0.02, 0.04, 0.08, 0.16, 0.32, 0.64], (5, 5))],
)
def test_of_studies_without_a_difference_at_most_one_in_twenty_has_one(spreads, runs):
    random = np.random.default_rng(0)
    wrong = [any(of.different for of in differences(simulated(random, spreads, runs))) for _ in range(FEW)]
    assert np.mean(wrong) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / FEW)


def test_all_intervals_hold_together():
    random = np.random.default_rng(2)
    truth = 0.15 * 100 / np.arange(1, 7)
    held = [
        all(of.low <= true <= of.high for of, true in zip(differences(pairs), truth, strict=True))
        for _ in range(FEW)
        for pairs in [simulated(random, [0.05] * 6, (5, 5), 0.15)]
    ]
    assert np.mean(held) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / FEW)


def test_a_large_difference_is_found():
    random = np.random.default_rng(3)
    found = [of.different for _ in range(50) for of in differences(simulated(random, [0.05] * 6, (5, 5), 0.3))]
    assert np.mean(found) > 0.9
