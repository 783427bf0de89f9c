"""The change from the narrowest width to the best, and the last doubling, against other computations."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy

from overgan.study.analysis import (
    best_change,
    best_verdict,
    doubling_verdict,
    last_doubling,
    leave_one_out,
    why_no_change,
)
from overgan.study.analysis._change import _dunnett, _logs
from overgan.study.analysis._contrast import _welch
from overgan.study.gan.claims._saturation import _levels_off
from tests.claiming import claim_of
from tests.racing import write_study

EVEN = np.array([0.9, 0.95, 1.0, 1.05, 1.1])  # runs over their mean: as spread as those of every other width


def even(means, widths=(2, 4, 8, 16, 32, 64)):
    """Runs whose relative deviations are the same at all widths, so that they are pooled."""
    return {k: mean * EVEN for k, mean in zip(widths, means, strict=False)}


def students(values, one, other, confidence=0.95):
    """The interval of log μ_one − log μ_other, with the deviation that all runs together have."""
    error = math.sqrt(EVEN.var(ddof=1) * 2 / 5)
    middle = math.log(values[one].mean() / values[other].mean())
    return scipy.stats.t.interval(confidence, 4 * len(values), middle, error)


def test_with_one_wider_width_the_interval_is_students_of_the_logarithms():
    values = even([3.0, 2.0])
    found = best_change(values, 0.05, 0.9)
    assert (found.narrow, found.wide, found.value) == (2, 4, pytest.approx(2 / 3 - 1))
    # the upper end is simulated: the level of a quantile of 40,000 draws is right to 0.001, and the quantile to 0.01
    np.testing.assert_allclose(np.log1p([found.low, found.high]), students(values, 4, 2, 0.9), atol=0.02 * 0.045)


def test_the_low_end_is_the_least_single_one_and_the_high_end_holds_for_all_widths_together():
    values = even([4.0, 2.0, 1.9, 2.1])
    found = best_change(values, 0.05)
    assert found.wide == 8
    assert math.log1p(found.low) == pytest.approx(students(values, 8, 2)[0])
    # Dunnett's critical value, from the distribution function of the multivariate t
    d = scipy.optimize.brentq(lambda x: _probability_that_all_are_below(x, 3, 16) - 0.975, 1, 5)
    assert _dunnett(_logs(values), 0.025) == pytest.approx(d, abs=0.03)
    assert math.log1p(found.high) == pytest.approx(
        math.log(1.9 / 4) + d * math.sqrt(EVEN.var(ddof=1) * 2 / 5), abs=2e-3
    )
    assert math.log1p(found.high) > students(values, 8, 2)[1]


def _probability_that_all_are_below(x, count, freedom):
    """Of t statistics that share their control, with as many runs of all: their correlation is 1/2."""
    shape = np.full((count, count), 0.5) + 0.5 * np.eye(count)
    return scipy.stats.multivariate_t(shape=shape, df=freedom, seed=0).cdf(np.full(count, x))


def test_degrees_of_freedom_are_welchs():
    a, b = np.array([1.0, 2.0, 4.0]), np.array([3.0, 3.1, 3.5, 2.9])
    parts, freedom = np.array([a.var(ddof=1) / 3, b.var(ddof=1) / 4]), np.array([2.0, 3.0])
    assert _welch(parts, freedom) == pytest.approx(scipy.stats.ttest_ind(a, b, equal_var=False).df)
    assert _welch(np.array([1.0, 0.0]), freedom) == 2
    assert _welch(np.zeros(2), freedom) == math.inf


@pytest.mark.parametrize(
    ("widths", "means", "narrow", "doublings"),
    [
        ((2, 4, 8), [4.0, 2.0, 1.5], 4, 1),
        ((2, 4, 6, 8), [4.0, 2.0, 9.0, 1.5], 4, 1),  # 6 is not half as wide as 8
        ((4, 5, 7), [2.0, 9.0, 1.5], 4, math.log2(7 / 4)),  # none is: from the narrowest
        ((2, 32), [4.0, 2.0], 2, 4),
    ],
)
def test_the_last_doubling_is_students_interval_for_each_doubling(widths, means, narrow, doublings):
    values = even(means, widths)
    found = last_doubling(values, 0.05)
    assert (found.narrow, found.wide) == (narrow, widths[-1])
    low, high = (x / doublings for x in students(values, widths[-1], narrow))
    np.testing.assert_allclose(np.log1p([found.low, found.high]), [low, high])
    assert math.log1p(found.value) == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(
    ("means", "quality", "saturation"),
    [
        ([4, 2, 1, 1], "supports", "supports"),
        ([4, 2, 1, 0.5], "supports", "contradicts"),
        ([4, 2, 1, 2], "supports", "contradicts"),  # up again
        ([1, 2, 4, 8], "contradicts", "contradicts"),
        ([1, 1, 1, 1], "contradicts", "supports"),  # no wider network is better
        ([1, 0.98, 0.98, 0.98], "supports", "supports"),  # a little, but for sure
        ([1, 1.2, 1.3, 0.951], "supports", "contradicts"),
    ],
)
def test_verdicts_where_nothing_is_left_to_chance(means, quality, saturation):
    values = {k: m * (1 + 0.01 * (EVEN - 1)) for k, m in zip((2, 4, 8, 16), means, strict=True)}
    assert best_verdict(best_change(values, 0.05), 0.05) == quality
    assert doubling_verdict(last_doubling(values, 0.05), 0.05) == saturation


def test_the_seeds_that_would_tell_tell_in_four_of_five_studies():
    random = np.random.default_rng(0)
    found = best_change(
        {2: 1 + 0.1 * (EVEN - 1) / EVEN.std(ddof=1), 4: 0.9 + 0.09 * (EVEN - 1) / EVEN.std(ddof=1)}, 0.05
    )
    seeds = round(found.seeds)
    assert seeds == pytest.approx((1.96 + 0.84) ** 2 * 2 * 0.1**2 / math.log(0.9) ** 2, abs=1)
    told = 0
    for _ in range(200):
        noise = 1 + 0.1 * random.standard_normal((2, seeds))
        told += best_change({2: noise[0], 4: 0.9 * noise[1]}, 0.05).high < 0
    assert 140 <= told <= 185  # 160 ± 3.5 standard deviations of 5.7


def test_so_do_those_that_show_that_it_has_levelled_off():
    random, unit = np.random.default_rng(0), (EVEN - 1) / EVEN.std(ddof=1)
    level = dict.fromkeys((2, 4), 1 + 0.1 * unit)
    seeds = round(last_doubling(level, 0.05).seeds)
    assert seeds == pytest.approx((1.96 + 1.28) ** 2 * 2 * 0.1**2 / math.log(1.05) ** 2, abs=1)
    told = 0
    for _ in range(200):
        noise = 1 + 0.1 * random.standard_normal((2, seeds))
        told += doubling_verdict(last_doubling(dict(zip((2, 4), noise, strict=True)), 0.05), 0.05) == "supports"
    assert 140 <= told <= 185


@pytest.mark.parametrize("widths", [5, 7])
def test_the_error_of_a_width_that_is_left_out_is_that_of_a_search(widths):
    k = 2.0 ** np.arange(1, widths + 1)
    means = np.random.default_rng(widths).uniform(0.8, 1.2, widths) * (1 + 10 / k)
    powers = np.append(0.0, np.geomspace(0.1, 4, 33))
    for found, terms in zip(leave_one_out(k, means), (1, 1, 2), strict=True):
        grid = {"a": [0.0], "b k^−c": powers, "a + b k^−c": powers[1:]}[found.law]
        missed = []
        for left in range(widths):
            kept = np.arange(widths) != left
            best = (math.inf, 0.0)
            for c in grid:
                basis = np.stack([np.ones(widths), k**-c], 1)[:, 2 - terms :]
                best = min(best, _foretold(basis, means, kept, left), key=lambda one: one[0])
            missed.append(best[1] / means[left] - 1)
        assert found.error == pytest.approx(np.sqrt(np.mean(np.square(missed))), rel=1e-6)


def _foretold(basis, means, kept, left):
    """The least squares with coefficients of at least 0: all sets of terms are tried."""
    found = []
    for chosen in ([0], [1], [0, 1])[: 1 if basis.shape[1] == 1 else 3]:
        of = basis[:, chosen]
        solution = np.linalg.lstsq(of[kept] / means[kept, None], np.ones(kept.sum()), rcond=None)[0]
        if (solution >= 0).all():
            misses = np.square(of[kept] @ solution / means[kept] - 1).sum()
            found.append((misses, float(of[left] @ solution)))
    return min(found)


def test_a_law_is_missed_by_nothing_where_it_holds():
    k = 2.0 ** np.arange(1, 8)
    errors = {of.law: of.error for of in leave_one_out(k, 3 + 5 / k)}
    assert errors["a + b k^−c"] < 0.01 < errors["b k^−c"] < errors["a"]  # c = 1 is not on the grid
    assert [of.error for of in leave_one_out(k, np.full(7, 2.0))] == pytest.approx([0, 0, 0], abs=1e-7)


def test_what_a_change_lacks_is_said():
    assert why_no_change({}).endswith("there are none")
    assert why_no_change({2: [1.0, 2.0]}).endswith("there is one")
    assert why_no_change({2: [1.0], 4: [2.0]}) == "an interval takes two seeds of a width at least"
    assert why_no_change({2: [0.0, 0.0], 4: [1.0, 2.0]}) == "a relative change takes means above 0"
    assert not why_no_change({2: [1.0], 4: [1.0, 2.0]})


def test_diverged_runs_count_as_twice_the_distance(tmp_path):
    study = write_study(tmp_path / "study", {2: [1.0, 1.1, math.inf], 4: [1.0, 1.1, 1.05]})
    (number,) = claim_of(study, "quality").numbers
    assert number.value == pytest.approx(100 * (1.05 / (1.05 * 4 / 3) - 1))


@pytest.mark.parametrize(
    ("unfinished", "said"),
    [((), "All runs at k = 32 diverged."), ((32,), "The runs at k = 32 are not finished.")],
)
def test_a_wider_width_without_runs_is_said_and_not_proposed(tmp_path, unfinished, said):
    noisy = {k: [1.0, 1.2, 1.1] for k in (4, 8, 16)}
    claim = claim_of(write_study(tmp_path, noisy | {32: [math.inf] * 3}, unfinished=unfinished), "saturation")
    assert said in claim.because
    assert claim.verdict == "cannot tell"
    assert "A wider network" not in claim.needed
    assert "A wider network, k = 32," in claim_of(write_study(tmp_path / "all", noisy), "saturation").needed


def test_where_it_levels_off_is_the_recommendation(tmp_path):
    study = write_study(tmp_path / "study", {k: of.tolist() for k, of in even([8, 2, 1, 1, 1]).items()})
    found, claim = study.recommend(), claim_of(study, "saturation")
    (level,) = (number for number in claim.numbers if number.what == "width where it levels off")
    assert (level.value, (level.low, level.high)) == (found.width, found.interval)
    assert found.sure in claim.because
    assert _levels_off(replace(found, not_excluded=())) == []  # though the interval then begins at the width


def test_while_it_falls_no_width_is_where_it_levels_off(tmp_path):
    values = {k: of.tolist() for k, of in even([8, 4, 2]).items()}
    claim = claim_of(write_study(tmp_path / "study", values), "saturation")
    assert claim.verdict == "contradicts"
    assert "width where it levels off" not in {number.what for number in claim.numbers}
