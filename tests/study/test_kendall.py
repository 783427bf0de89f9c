"""Kendall's τ with ties, its p-value and its interval, against other computations."""

import itertools
import math

import numpy as np
import pytest
import scipy
from hypothesis import given, settings, strategies as st

from overgan.study.analysis import kendall, verdict
from overgan.study.analysis._kendall import null_variance

RUNS = st.lists(st.tuples(st.sampled_from([1, 2, 4]), st.integers(0, 3) | st.just(math.inf)), min_size=2, max_size=8)


def tau_of(x, y):
    return kendall(np.asarray(x, float), np.asarray(y, float))


def score(x, y):
    """S by the definition, in a loop."""
    return sum(
        np.sign(x[j] - x[i]) * (int(y[j] > y[i]) - int(y[j] < y[i]))
        for i, j in itertools.combinations(range(len(x)), 2)
    )


@settings(max_examples=40, deadline=None)
@given(runs=RUNS)
def test_tau_is_scipys_and_the_p_value_that_of_all_permutations(runs):
    x, y = map(np.array, zip(*runs, strict=True))
    found = tau_of(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
        return
    ranks = scipy.stats.rankdata(y)  # scipy has no opinion on infinite ones
    assert found.tau == pytest.approx(scipy.stats.kendalltau(x, ranks).statistic, abs=1e-12)
    if len(x) <= 5:  # 120 orders
        permuted = np.array([abs(score(x, ranks[list(order)])) for order in itertools.permutations(range(len(x)))])
        assert found.p_value == pytest.approx(np.mean(permuted >= abs(score(x, ranks))), abs=1e-12)
    assert -1 <= found.low <= found.tau <= found.high <= 1
    assert (found.direction != 0) <= (found.p_value <= 0.05)


def test_of_many_runs_the_p_value_is_scipys():
    random = np.random.default_rng(0)
    x = np.repeat([1, 2, 4, 8], 10)
    for y in (random.standard_normal(40) + 0.3 * np.log(x), random.integers(0, 3, 40)):
        found, expected = tau_of(x, y), scipy.stats.kendalltau(x, y, method="asymptotic")
        assert (found.tau, found.p_value) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize("lost", [(14, 15), (3, 15), (0, 14, 15)])
def test_of_many_runs_of_which_few_differ_all_ways_are_counted(lost):
    """Two or three of sixteen runs diverged: 120 or 560 ways, where a normal S called 10 % of chances p < 0.05."""
    x = np.repeat([1, 2, 4, 8], 4)
    ways = [np.isin(np.arange(16), places).astype(int) for places in itertools.combinations(range(16), len(lost))]
    scores = np.abs([score(x, y) for y in ways])
    y = np.isin(np.arange(16), lost).astype(int)
    assert tau_of(x, y).p_value == pytest.approx(np.mean(scores >= abs(score(x, y))), abs=1e-12)


def test_the_variance_under_ties_is_that_of_all_permutations():
    x, y = [1, 1, 2, 2, 3, 3, 3], [0, 0, 0, 1, 1, 2, 3]
    scores = [score(x, order) for order in itertools.permutations(y)]
    assert null_variance((2, 2, 3), (3, 2, 1, 1)) == pytest.approx(np.mean(np.square(scores)), rel=1e-12)


def test_the_interval_leaves_out_zero_where_the_permutation_test_rejects():
    """With widths of one run each, nothing but that test is known."""
    for order in itertools.permutations(range(6)):
        found = tau_of([1, 2, 4, 8, 16, 32], order)
        assert (found.low > 1e-12 or found.high < -1e-12) == (found.p_value <= 0.05)


def test_four_runs_can_show_nothing():
    found = tau_of([1, 2, 4, 8], [1, 2, 3, 4])
    assert (found.tau, found.low, found.high) == (1, -1, 1)
    assert found.p_value == pytest.approx(2 / 24)
    assert found.direction == 0


def test_of_values_turned_around_all_is_turned_around():
    x, y = np.repeat([1, 2, 4], 4), np.random.default_rng(1).standard_normal(12)
    found, turned = tau_of(x, y), tau_of(x, -y)
    assert (turned.tau, turned.low, turned.high) == pytest.approx((-found.tau, -found.high, -found.low))
    assert turned.p_value == found.p_value


def test_runs_that_never_arrive_are_behind_all_and_tied():
    never = math.inf
    found = tau_of([1, 1, 2, 2], [never, never, 3, 5])
    assert found.tau == tau_of([1, 1, 2, 2], [9, 9, 3, 5]).tau < 0


@pytest.mark.parametrize(
    ("x", "y"), [([2, 2], [1, 3]), ([1, 2], [3, 3]), ([1], [1]), ([], []), ([1, 2], [0, math.nan])]
)
def test_without_a_difference_there_is_no_tau(x, y):
    assert tau_of(x, y) is None


def test_verdicts():
    up, down = (tau_of(np.repeat([1, 2, 4], 3), sign * np.arange(9)) for sign in (1, -1))
    none = tau_of(np.repeat([1, 2, 4], 3), [1, 2, 3] * 3)
    assert (up.direction, down.direction, none.direction) == (1, -1, 0)
    assert verdict(up, [none, None, up], 1) == "supports"
    assert verdict(up, [none], -1) == "contradicts"
    assert verdict(up, [down], 1) == "cannot tell"
    assert verdict(none, [up], 1) == verdict(None, [up], 1) == "cannot tell"


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("growth", [1.0, 4.0])
def test_intervals_hold_the_truth(slope, growth):
    """Of 300 studies, with spreads that differ between the widths by a factor: binomial, 3 deviations below 95 %."""
    random = np.random.default_rng(2)
    x = np.repeat(np.arange(5), 4)
    spread = growth ** (x / 4)
    studies = slope * x / 4 + spread * random.standard_normal((2300, 20))
    truth = np.mean([np.sign(np.subtract.outer(y, y) * np.subtract.outer(x, x)).sum() for y in studies[300:]])
    truth /= 2 * math.sqrt(160 * 190)
    found = [tau_of(x, y) for y in studies[:300]]
    assert np.mean([of.low <= truth <= of.high for of in found]) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 300)
