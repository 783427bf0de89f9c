import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from overgan import recommend
from overgan.errors import OverganError
from overgan.study.analysis._recommend import _too_few
from overgan.study.analysis._shares import decide_by_share
from overgan.study.analysis._spread import cautious, moderated
from overgan.study.analysis._table import read_values

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "recommend_coverage.py"


def test_seeds_that_agree_leave_the_rule_as_it_reads():
    values = {2: [100] * 3, 4: [10.4] * 3, 8: [10] * 3, 16: [11] * 3}
    result = recommend(values, quantity="test classifier Fréchet distance")
    assert (result.width, result.best_width, result.value, result.best_value) == (4, 8, 10.4, 10)
    assert (result.interval, result.not_excluded) == ((4, 4), (4,))
    assert not result.try_wider
    assert str(result) == (
        "Recommended: k = 4 (95% interval: 4 alone): mean test classifier Fréchet distance 10.4, within 5% of "
        "the best, 10 at k = 8"
    )
    assert recommend(values, 0.0).width == 8
    assert recommend(values, 0.2).width == 4
    assert recommend({k: [-v for v in reversed(values[k])] for k in values}, 0.2).width == 2  # the least is −100


def test_try_wider_when_the_widest_is_still_improving():
    result = recommend({2: [100], 4: [10], 8: [5]})
    assert result.width == 8
    assert result.try_wider
    assert "try wider" in str(result)
    assert not recommend({2: [1.0], 4: [1.0], 8: [0.0]}).try_wider  # nothing is better than 0
    assert not recommend({2: [100], 4: [5.1], 8: [5]}).try_wider


def test_one_run_a_width_excludes_nothing_and_says_so():
    result = recommend({2: [100], 4: [5.1], 8: [5]})
    assert (result.width, result.interval, result.not_excluded) == (4, (2, 8), (2, 4, 8))
    assert result.missing == ("at least three seeds, such as seeds=[0,1,2]: k = 2, 4 and 8 have 1",)


def test_between_two_widths_it_is_the_t_test():
    """Of equal relative spreads: "k = 1 is enough" is a one-sided t test with 8 degrees, at 4.5 % after the first step.

    "k = 1 is not enough" is the same from the other side; with 2,000 draws each level is right to 0.5 %.
    """
    deviations = np.array([-1.0, -0.5, 0.0, 0.5, 1.0]) * 0.1
    for difference in np.linspace(-0.2, 0.2, 41):
        first, second = (1 + difference) * (1 + deviations), 1 + deviations
        error = np.sqrt((first.mean() ** 2 + second.mean() ** 2) * deviations.var(ddof=1) / 5)
        level = scipy.stats.t.cdf(difference / error, 8)
        kept = recommend({1: first, 2: second}, tolerance=0.0).not_excluded
        for width, p in ((1, level), (2, 1 - level)):
            if abs(p - 0.955) > 0.015:
                assert (width in kept) == (p < 0.955)


def test_variances_are_pooled_unless_they_differ_more_than_chance_would_make_them():
    random = np.random.default_rng(0)
    freedom = np.array([2.0, 4.0, 9.0])
    same, total = moderated(np.array([1.0, 1.1, 0.9]), freedom)
    np.testing.assert_allclose(same, (2 * 1.0 + 4 * 1.1 + 9 * 0.9) / 15)
    np.testing.assert_array_equal(total, 15)
    # true variances 3·6/χ²(6), each seen with 4 degrees: the estimate's own error over 20,000 widths is about 2 %
    widths, d, prior, scale = 20_000, 4.0, 6.0, 3.0
    true = scale * prior / random.chisquare(prior, widths)
    seen = true * random.chisquare(d, widths) / d
    found, total = moderated(seen, np.full(widths, d))
    assert total[0] - d == pytest.approx(prior, rel=0.1)
    np.testing.assert_allclose(found, (prior * scale + d * seen) / (prior + d), rtol=0.1)
    # of no width with several runs its variance is kept as the only one
    alone, total = moderated(np.array([0.0, 2.0]), np.array([0.0, 3.0]))
    np.testing.assert_array_equal(alone, [2, 2])
    np.testing.assert_array_equal(total, [3, 3])


def test_a_width_that_is_much_noisier_keeps_its_own_variance():
    even = -np.log(1 - np.arange(1, 10) / 10)  # quantiles of χ²(2)/2, as of nine widths of variance 1
    squares, freedom = np.array([*even, 12.0]), np.full(10, 2.0)
    variances, degrees = cautious(squares, freedom)
    lent, total = moderated(squares, freedom)
    assert (variances >= squares).all()
    assert (variances[9], degrees[9]) == (12, 2)
    np.testing.assert_array_equal(degrees, np.where(squares > 1.5 * lent, freedom, total))
    assert degrees[0] > 2
    np.testing.assert_array_equal(cautious(np.array([0.0, 2.0]), np.array([0.0, 3.0]))[0], [2, 2])


def test_the_width_of_a_share_is_in_its_set():
    random = np.random.default_rng(0)
    for _ in range(300):
        runs = {k: random.random(random.integers(1, 30)) < random.random() for k in (2, 4, 8)}
        result = recommend(runs)
        assert not result.not_excluded or result.width in result.not_excluded


@pytest.mark.slow
def test_the_interval_covers_and_the_width_is_not_pushed_to_the_wide_side():
    """150 simulated studies know a share of 95 % to 1.8 %; benchmarks/recommend_coverage.py has them all, and more."""
    cell = runpy.run_path(str(BENCHMARK))["cell"]
    for case, seeds, most_too_wide in (
        ("7-width plateau, 20 %", 3, 0.6),
        ("first of plateau 4 % worse, 20 %", 5, 0.65),
        ("4 % worse, one noisy", 3, 0.65),
    ):
        covered, right, too_wide, too_narrow, _, covered_before, right_before, _ = cell(case, seeds, 150)
        assert covered >= 0.93 - 2 * 0.018
        assert covered_before < 0.85  # what the interval replaces: the shape is one that needs it
        assert right > right_before + 0.05
        assert right + too_wide + too_narrow == pytest.approx(1)
        assert too_wide < most_too_wide


def test_a_diverged_run_counts_as_twice_the_mean_of_the_others():
    """Of k = 4 a third diverged: its mean is 4/3 of 5, above that of k = 8, and by far above that of its other runs."""
    values = {2: [9.0, 9.1, 8.9], 4: [5.0, 5.1, 4.9, 5.0, np.inf, np.inf], 8: [6.0, 6.1, 5.9, 6.0, 5.9, 6.1]}
    found, judged = recommend(values), recommend(values | {4: [5.0, 5.1, 4.9, 5.0, 10.0, 10.0]})
    assert (found.width, found.value, found.not_excluded) == (8, 6.0, judged.not_excluded)
    assert found.diverged == {4: 2}
    assert recommend({4: values[4]}).value == pytest.approx(5 * (1 + 1 / 3))
    counted = "2 of 6 runs at k = 4 diverged, and each counts as worse than the mean of the others there by its size"
    assert counted in str(found)
    alike = recommend(
        {2: [90.0, 91.0] * 5 + [np.inf], 4: [5.0, 5.1, 4.9], 8: [6.0, 6.1, 5.9]}
    )  # it is far from enough anyway
    assert alike.diverged == {2: 1}
    assert "diverged" not in str(alike)


@pytest.mark.parametrize(("lost", "width"), [(2, 4), (4, 8), (8, 4), (16, 4)])
def test_a_width_whose_runs_all_diverged_is_never_enough(lost, width):
    values = {2: [9.0, 9.1, 8.9], 4: [5.0, 5.1, 4.9], 8: [6.0, 6.1, 5.9], 16: [7.0, 7.1, 6.9]}
    found = recommend(values | {lost: [np.inf] * 3})
    assert (found.width, found.diverged) == (width, {lost: 3})
    assert lost not in found.not_excluded
    assert not found.try_narrower
    assert not found.try_wider
    assert str(found).endswith(f"All runs at k = {lost} diverged")
    assert not found.missing  # there are enough widths and runs


def test_unequal_numbers_of_runs_and_no_tolerance_are_said_as_they_are():
    text = str(recommend({2: [3.0, 5.0], 4: [2.0, 3.0, 2.5, 2.1], 8: [2.2, 2.0, 2.7]}, 0.0))
    assert "At most 4 runs a width are too few to decide between" in text
    assert "difference of 0%" not in text
    assert "no number of runs does" in str(recommend({4: [True, True]}, 0.0))


def test_noise_is_said_to_need_more_seeds():
    random = np.random.default_rng(0)
    values = {k: m * (1 + 0.15 * random.standard_normal(5)) for k, m in ((8, 4), (16, 1), (32, 1), (64, 1))}
    result = recommend(values)
    assert result.not_excluded == (16, 32, 64)
    (needed,) = (int(word) for word in str(result).split() if word.isdigit() and int(word) > 64)
    # two means of n runs that differ by 5 % are told apart with 80 % power at 15 % noise: n = 12.4 · (0.15/0.05)² = 111
    assert 60 < needed < 250
    assert "5 runs a width are too few to decide between 3 widths" in str(result)


@pytest.mark.parametrize(
    ("runs", "needed", "said"), [(12, 12.4, "13"), (5, 5.2, "6"), (3, 94.6, "95"), (5, 1114.0, "1,100")]
)
def test_more_runs_are_needed_than_there_are(runs, needed, said):
    assert f"at their spread about {said} would tell" in _too_few([runs] * 3, needed, 2, 0.05)


def test_widths_without_runs_are_left_out():
    assert recommend({2: [10, 11], 4: [], 8: [20]}).width == 2
    with pytest.raises(OverganError, match="no width has a finished run"):
        recommend({2: [], 4: []})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({8: [1.0, np.nan]}, "the values of k = 8 have nan; give inf for a run that diverged"),
        ({8: [True], 16: [1.0]}, "values are numbers at some widths and true or false at others"),
        ({8: ["a"]}, "the values of k = 8 must be one number, or true or false, a run"),
        ({8: [[1.0, 2.0]]}, "the values of k = 8 must be one number"),
        ({8: None}, "the values of k = 8 must be one number"),
        ({8: 3.0}, "the values of k = 8 must be one number"),
        ({8: [[1.0], [1.0, 2.0]]}, "the values of k = 8 must be one number"),
        ({8: [1e300, 1.0]}, r"the values of k = 8 have 1e\+300"),
        ({8: [-np.inf, 1.0]}, "the values of k = 8 have -inf"),
        ({8: [np.inf], 16: [np.inf, np.inf]}, "all runs diverged, so no width is enough"),
        ({8: [0, 0, 1], 16: [1, 1, 1]}, "all values are 0 or 1; give true and false if they say which runs succeeded"),
        ({"16": [1.0]}, "values is for a width of '16'; it must be for whole widths"),
        ({None: [1.0]}, "values is for a width of None"),
        ({np.nan: [1.0]}, "values is for a width of nan"),
        ({0: [1.0]}, "it must be for whole widths of at least 1"),
        ({8.5: [1.0]}, "it must be for whole widths of at least 1"),
    ],
)
def test_values_that_cannot_be_judged_are_refused(values, message):
    with pytest.raises(OverganError, match=message):
        recommend(values)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(OverganError, match="tolerance is -1; it must be at least 0"):
        recommend({8: [1.0]}, -1)
    with pytest.raises(OverganError, match="tolerance is inf; it must be at least 0, and finite"):
        recommend({8: [1.0]}, np.inf)
    for confidence in (0, 0.9999, 95):
        with pytest.raises(OverganError, match=f"confidence is {confidence}; it must be above 0, and at most 0.999"):
            recommend({8: [1.0]}, confidence=confidence)


def test_a_share_of_successes_is_shown_as_by_clopper_and_pearson():
    for runs, failures in itertools.product((5, 20, 59, 93, 200), (0, 1, 2)):
        outcome = np.arange(runs) >= failures
        bound = scipy.stats.binomtest(runs - failures, runs, alternative="greater").proportion_ci(0.95, "exact").low
        result = recommend({4: [False] * 20, 8: outcome, 16: outcome}, quantity="converged")
        assert ("shows a share of at least 95%" in str(result)) == (bound >= 0.95)
        assert result.width == (8 if bound >= 0.95 or failures <= 0.05 * runs else result.best_width)
    result = recommend({2: [False] * 20, 4: [False] * 20, 8: [True] * 20}, quantity="converged by GDA")
    assert str(result) == (
        "Recommended: k = 8 (95% interval: 8 alone): 20 of 20 runs converged by GDA, which is at least 95%, but too "
        "few to show it with 95% confidence: that takes 59 without a failure"
    )
    failing = recommend({2: [False] * 20, 4: [False] * 20, 8: [True, *[False] * 19]})
    assert (failing.width, failing.not_excluded, failing.try_wider) == (8, (), True)
    assert "95% interval: none of these widths" in str(failing)


def test_the_set_of_shares_covers_by_enumeration():
    """Three widths, ten runs each: the chance of all outcomes that exclude the answer, summed exactly."""
    runs, share = 10, 0.8
    outcomes = np.array(list(itertools.product(range(runs + 1), repeat=3)))
    kept = np.array([decide_by_share(o, np.full(3, runs), share, 0.95).not_excluded for o in outcomes])
    for shares in itertools.product((0.3, 0.6, 0.79, 0.8, 0.9, 1.0), repeat=3):
        if max(shares) >= share:
            answer = next(i for i, p in enumerate(shares) if p >= share)
            chance = scipy.stats.binom.pmf(outcomes, runs, shares).prod(1)
            assert chance[~kept[:, answer]].sum() <= 0.05


def test_a_table_is_read_by_its_columns(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("seed,k,note,value\n0,8,a,1.5\n1,8,b,1.7\n0,16,c,1\n")
    values = read_values(path)
    assert {k: v.tolist() for k, v in values.items()} == {8: [1.5, 1.7], 16: [1.0]}
    path.write_text("k, seed, value\n\n8.0, 0, 1.5\n16.0, 0, 1\n\n")
    assert {k: v.tolist() for k, v in read_values(path).items()} == {8: [1.5], 16: [1.0]}
    path.write_text("k,seed,value\n8,0,Inf\n8,1,Diverged\n8,2,1\n16,0,2\n")
    assert {k: v.tolist() for k, v in read_values(path).items()} == {8: [np.inf, np.inf, 1], 16: [2]}
    path.write_text("k,seed,value\n8,0,true\n8,1,false\n16,0,true\n")
    assert recommend(path).width == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k,seed\n8,0\n", "has no column value; it needs k, seed and value"),
        ("", "cannot be read as CSV"),
        ("k,seed,value\n", "has no rows; it needs one a run"),
        ("k,seed,value\n8,0,1\n8,1,\n", "line 3: value is missing"),
        ("k,seed,value\n8,0,1\n8,0,2\n", "line 3: k is 8; it has occurred with this seed before"),
        ("k,seed,value\n8,0,1\n8.0,0.0,2\n", "line 3: k is 8.0; it has occurred with this seed before"),
        ("k,seed,value\n8,a,1\n8.0,a,2\n", "line 3: k is 8.0; it has occurred with this seed before"),
        ("k,seed,value\n8,0,1,x\n", "has rows with more fields than its first line names"),
        ("k,seed,value\n\n8,0,1\n8,1,\n", "line 4: value is missing"),
        (
            "k,seed,value\n8,0,true\n8,1,2\n",
            "line 2: value is true; it must be a number, diverged, or true or false in all rows",
        ),
        ("k,seed,value\nx,0,1\n", "line 2: k is x; it must be a whole number"),
        ("k,seed,value\n8.5,0,1\n", "line 2: k is 8.5; it must be a whole number"),
        ("k,seed,value\n8,0,1\n8,1,bad\n", "line 3: value is bad; it must be a number, diverged, or true or false"),
    ],
)
def test_a_table_that_is_wrong_says_where(tmp_path, text, message):
    path = tmp_path / "results.csv"
    path.write_text(text)
    with pytest.raises(OverganError, match=message):
        recommend(str(path))
    with pytest.raises(OverganError, match="cannot be read as CSV"):
        read_values(tmp_path / "none.csv")


def test_widths_that_wait_for_their_runs_are_not_asked_for():
    runs = {8: [3.0, 3.1, 2.9]}
    assert "such as widths=[4,8,16]: there is 1" in " ".join(recommend(runs).missing)
    assert recommend(runs | {4: [], 16: []}).missing == ()
