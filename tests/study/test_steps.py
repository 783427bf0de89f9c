"""How the best step goes with the width, and whether a narrow width's transfers: made-up runs with a known truth."""

import numpy as np
import pandas as pd
import pytest

from overgan.study.analysis import scaling, transfer

RATES = 2.0 ** np.arange(-9, 0)


def runs(values, rates=RATES):
    """values: by width of each seed (a row) at each rate; those that are nan did not finish."""
    rows = [
        {"k": k, "seed": seed, "learning_rate": rate, "value": value}
        for k, of in values.items()
        for seed, row in enumerate(of)
        for rate, value in zip(rates, row, strict=True)
        if not np.isnan(value)
    ]
    return pd.DataFrame(rows)


def best(table):
    return {int(k): float(of.groupby("learning_rate").value.mean().idxmin()) for k, of in table.groupby("k")}


def valleys(steps, height=3.0, steepness=0.2):
    """The values of seeds whose best steps are these: parabolas of the logarithms, of any height."""
    away = np.log2(RATES) - np.log2(np.array(steps, float))[:, None]
    return height * np.exp(steepness * away**2)


def test_a_power_law_is_found_wherever_it_lies_between_the_rates():
    table = runs({k: valleys([0.3 * k**-0.75] * 2, height=100 / k) for k in (4, 8, 16, 32)})
    found = scaling(table, best(table))
    assert found.exponent == pytest.approx(-0.75)
    assert found.edges == ()
    for k, steps in found.steps.items():
        assert steps == pytest.approx([0.3 * k**-0.75] * 2)
    assert found.line([2]) == [pytest.approx((0.3 * 2**-0.75,) * 3)]


def test_the_interval_is_students_of_the_seeds_own_slopes():
    slopes = np.array([-1.1, -0.9, -0.7])
    table = runs({k: valleys(0.05 * (k / 8) ** slopes) for k in (4, 8, 16)})
    found = scaling(table, best(table))
    assert found.exponent == pytest.approx(-0.9)
    around = 4.302653 * 0.2 / np.sqrt(3)  # the quantile at 97.5 % with two degrees of freedom, from a printed table
    assert found.interval == pytest.approx((-0.9 - around, -0.9 + around), rel=1e-6)
    assert found.line([8]) == [pytest.approx((0.05, 0.05, 0.05))]  # here all three meet
    _, low, high = found.line([16])[0]
    assert (low, high) == pytest.approx((0.05 * 2 ** (-0.9 - around), 0.05 * 2 ** (-0.9 + around)))


def test_a_seed_whose_own_best_is_at_an_edge_has_its_best_there():
    table = runs({k: valleys([0.02, 0.02, RATES[0] / 4]) for k in (4, 8, 16)})
    found = scaling(table, best(table))
    assert found.steps[8] == pytest.approx((0.02, 0.02, RATES[0]))


def test_a_seed_that_lacks_a_rate_beside_its_best_has_its_best_there():
    table = runs({8: [[2.0, 1.0, np.nan, 1.2], [2.0, 1.0, 2.0, 4.0]]}, [1e-3, 2e-3, 4e-3, 8e-3])
    assert scaling(table, {8: 2e-3}).steps[8] == pytest.approx((2e-3, 2e-3))  # the other seed's is even on both sides


def test_widths_whose_best_is_at_an_edge_are_left_out():
    inner = {k: valleys([0.5 / k] * 2) for k in (4, 8, 16)}
    below, above = valleys([RATES[0] / 4] * 2), valleys([RATES[-1] * 4] * 2)
    untrained = np.where(RATES > 0.01, np.nan, valleys([0.02] * 2))  # beyond its best all diverged
    table = runs({1: above, **inner, 32: untrained, 512: below})
    found = scaling(table, best(table))
    assert (found.edges, list(found.steps)) == ((1, 32, 512), [4, 8, 16])
    assert found.exponent == pytest.approx(-1)


def test_runs_that_did_not_finish_leave_the_others_as_they_are():
    values = {k: valleys([0.5 / k] * 3) for k in (4, 8, 16)}
    whole = runs(values)
    values[8][1, -1] = np.nan
    values[16][2] = np.nan  # no run of this seed at this width
    values[4][0, -1] = np.inf
    table = runs(values)
    found = scaling(table, best(whole))
    assert found.exponent == pytest.approx(-1)
    assert {len(steps) for steps in found.steps.values()} == {2}


def test_what_an_exponent_and_an_interval_take():
    def of(widths, seeds):
        table = runs({k: valleys([0.5 / k] * seeds) for k in widths})
        return scaling(table, best(table))

    assert np.isnan(of([8], 3).exponent)
    assert (of([8, 16], 3).exponent, of([8, 16], 3).interval) == (pytest.approx(-1), None)
    assert (of([4, 8, 16], 1).exponent, of([4, 8, 16], 1).interval) == (pytest.approx(-1), None)
    assert of([4, 8, 16], 2).interval == pytest.approx((-1, -1))
    level = runs({k: np.ones((2, len(RATES))) for k in (4, 8)})
    assert scaling(level, best(level)).edges == (4, 8)  # nothing is best
    assert scaling(level, dict.fromkeys((4, 8), 0.0625)).edges == ()


def test_the_interval_of_the_exponent_holds_the_true_one():
    """100 studies of four widths and three seeds with 10 % noise: fewer than 88 at 95 % each are very unlikely."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(100):
        exponent, first = random.choice([0.0, -1.0]), random.uniform(0.1, 0.2)
        noise = {k: np.exp(0.1 * random.standard_normal((3, len(RATES)))) for k in (2, 4, 8, 16)}
        table = runs({k: valleys([first * (k / 2) ** exponent] * 3) * of for k, of in noise.items()})
        low, high = scaling(table, best(table)).interval
        covered += low <= exponent <= high
    assert covered >= 88


FLAT = np.full((3, 1), 1.0) * [[0.9], [1.0], [1.1]]  # of three seeds


def at(*by_rate):
    """Values at three rates, of three seeds that differ by 10 %."""
    return FLAT * by_rate


THREE = [0.1, 0.2, 0.4]


@pytest.mark.parametrize(
    ("wider", "excess", "verdict"),
    [
        ({16: at(2, 1, 3), 32: at(2, 1, 3)}, {16: 0, 32: 0}, "holds"),  # the same is best
        ({16: at(1, 1.04, 3), 32: at(0.5, 0.51, 1)}, {16: 0.04, 32: 0.02}, "holds"),
        ({16: at(1, 1.04, 3), 32: at(1, 1.5, 3)}, {16: 0.04, 32: 0.5}, "fails"),
        ({16: at(1, np.nan, np.nan)}, {16: np.inf}, "fails"),  # it diverges
        ({16: [[1, 1.6, 9], [1, 0.8, 9], [1, 0.9, 9]]}, {16: 0.1}, "unclear"),  # the seeds do not agree
    ],
)
def test_a_narrow_widths_step_is_judged_at_the_wider_ones(wider, excess, verdict):
    table = runs({4: at(1, 9, 9), 8: at(3, 2, 4), **wider}, THREE)
    chosen = {4: 0.1, 8: 0.2, **{k: 0.2 if np.array(of)[:, 1].mean() < of[0][0] else 0.1 for k, of in wider.items()}}
    found = transfer(table, chosen, 8, 0.05)
    assert (found.width, found.rate, found.verdict) == (8, 0.2, verdict)
    assert found.excess == pytest.approx(excess)


def test_a_step_transfers_to_no_width_where_there_is_no_wider_one():
    table = runs({8: at(3, 2, 4)}, THREE)
    assert transfer(table, {8: 0.2}, 8, 0.05) is None
    assert transfer(table, {8: 0.2}, 4, 0.05) is None


def test_one_seed_shows_no_failure_unless_it_diverges():
    table = runs({8: [[3, 2, 4]], 16: [[1, 2, 4]]}, THREE)
    assert transfer(table, {8: 0.2, 16: 0.1}, 8, 0.05).verdict == "unclear"
