"""Differences of means against Welch's test of SciPy's, and on simulated studies whose truth is known."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy

from overgan.study.analysis import differences as differences_of

FEW = 200  # simulated families: a share of 5 % then has a standard deviation of 1.5 %


def differences(pairs, confidence=0.95):
    """Of two studies, whose sets are in the same order."""
    studies = [dict(enumerate(sets)) for sets in zip(*pairs, strict=True)]
    return differences_of(dict(enumerate(studies)), [((0, i), (1, i)) for i in range(len(pairs))], confidence)


def test_of_one_pair_it_is_welchs_with_fewer_degrees_of_freedom():
    """A study of one set lends nothing: value and error are SciPy's, and the degrees of freedom are of one side."""
    first, second = np.array([9.0, 10.0, 11.0]), np.array([14.0, 15.0, 18.0])
    (found,) = differences([(first, second)], confidence=0.9)
    truth = scipy.stats.ttest_ind(second, first, equal_var=False)
    error = (second.mean() - first.mean()) / truth.statistic
    reach = scipy.stats.t.ppf(0.95, 2) * error
    assert (found.first, found.second, found.value) == pytest.approx((10, 47 / 3, 17 / 3))
    assert (found.low, found.high) == pytest.approx((17 / 3 - reach, 17 / 3 + reach))
    assert found.p_value == pytest.approx(2 * scipy.stats.t.sf(truth.statistic, 2))
    assert truth.df >= 2


def test_deviations_are_pooled_within_a_study_and_counted_once():
    """Sets of the same deviation, relative to their means: pooled, with the runs of all sets of their study, once."""
    first, second = np.array([9.0, 10.0, 11.0]), np.array([8.0, 10.0, 12.0])
    scale = (1.0, 2.0, 4.0)
    studies = {
        "a": {k: k * first for k in scale},
        "b": {k: k * second for k in scale},
        "c": {k: k * first + 1e-9 * k for k in scale},
    }
    names = [("a", "b"), ("a", "c"), ("b", "c")]
    found = differences_of(studies, [((i, k), (j, k)) for i, j in names for k in scale])
    reach = scipy.stats.t.ppf(1 - 0.025 / 9, 6) * math.sqrt((1 + 4) / 3)  # six degrees of freedom: three sets of three
    assert [(of.high - of.low) / 2 for of in found[:3]] == pytest.approx([k * reach for k in scale])


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
    [([0.05] * 6, (3, 3)), ([0.05] * 6, (3, 10)), ([0.02, 0.04, 0.08, 0.16, 0.32, 0.64], (5, 5)), ([0.05], (5, 5))],
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


@pytest.mark.parametrize(
    ("spreads", "widths", "runs"),
    [((0.05, 0.2), 8, 3), ((0.05, 0.2), 8, 2), ((0.08,) * 5, 1, 2), ((0.08,) * 5, 1, 3)],
)
def test_a_noisy_study_beside_others_and_many_studies_of_one_width_do_not_mislead(spreads, widths, runs):
    """Once, deviations of all studies were pooled, and counted once for each pair: 9 % to 17 % were wrong."""
    random, wrong = np.random.default_rng(0), 0
    names = range(len(spreads))
    pairs = [((i, k), (j, k)) for i in names for j in range(i) for k in range(widths)]
    for _ in range(FEW):
        noise = {i: random.standard_normal((widths, runs)) for i in names}
        studies = {i: {k: 1 + spreads[i] * noise[i][k] for k in range(widths)} for i in names}
        wrong += any(of.different for of in differences_of(studies, pairs))
    assert wrong <= FEW * (0.05 + 2 * math.sqrt(0.05 * 0.95 / FEW))
