"""Where curves go on to: noise-free laws recovered, least squares by another library, and simulated coverage."""

import numpy as np
import pytest
import scipy.optimize

from overgan.study.analysis import extrapolate, next_width, why_no_law

LAWS = {
    "level": lambda x: 3 + 0 * x,
    "to nothing": lambda x: 3 * x**-0.3,
    "to a floor": lambda x: 2 + x**-0.7,
    "exponential": lambda x: 2 + 1.5 * np.exp(-3 * x),
    "logarithm": lambda x: 3 - 0.5 * np.log(x),
    "rising": lambda x: 2 + x,
    "turning up": lambda x: x**-0.5 + x / 3,
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_a_law_without_noise_is_recovered_at_twice_and_four_times_the_iterations(law):
    x = np.arange(1, 21) / 20
    truth = law(np.array([2.0, 4.0]))
    value, low, high = extrapolate(1000 * x, law(x), [2000, 4000]).interval()
    assert value == pytest.approx(truth, rel=0.03)
    assert (low <= truth).all()
    assert (truth <= high).all()


def test_with_little_noise_it_is_the_least_squares_fit_of_its_law():
    """Of a power law with a floor, by scipy's optimizer."""
    random = np.random.default_rng(0)
    x = np.geomspace(0.1, 1, 40)
    y = (2 + 0.2 * x**-1.5) * (1 + 0.005 * random.standard_normal(40))
    fit, _ = scipy.optimize.curve_fit(lambda x, a, b, c: a + b * x**-c, x, y, (1, 1, 1), sigma=y)
    value, low, high = extrapolate(1000 * x, y, [2000]).interval()
    expected = fit[0] + fit[1] * 2 ** -fit[2]
    assert value[0] == pytest.approx(expected, rel=0.01)
    assert low[0] <= expected <= high[0]


def test_at_its_own_last_iteration_a_level_curve_is_its_mean_with_students_interval():
    """20 independent evaluations, 5% of noise: the mean, and of one evaluation more s √(1 + 1/n) t."""
    random = np.random.default_rng(1)
    y = 10 * (1 + 0.05 * random.standard_normal(20))
    value, low, high = extrapolate(np.arange(1.0, 21), y, [40]).interval()
    assert value[0] == pytest.approx(y.mean(), rel=0.03)
    half = scipy.stats.t.isf(0.025, 19) * y.std(ddof=1) * np.sqrt(1 + 1 / 20)
    assert high[0] - low[0] >= 2 * half * 0.95  # other laws only widen it


def test_no_curve_is_extrapolated_below_nothing():
    x = np.arange(1, 11) / 10
    found = extrapolate(1000 * x, 1.1 - x, [2000, 100_000])
    assert (found.level >= 0).all()
    assert (found.measured >= 0).all()
    assert (found.interval() >= 0).all()


@pytest.mark.parametrize("values", [[], [1.0], [3.0, 2.0, 1.0], [3, 2, 1, np.inf], [3, 2, 1, np.nan], [3, 2, 1, 0]])
def test_what_is_too_short_or_no_distance_is_not_extrapolated(values):
    assert extrapolate(np.arange(1.0, 1 + len(values)), np.array(values, float), [10]) is None


def test_the_unit_of_distances_and_of_iterations_does_not_matter():
    x = np.arange(1.0, 13)
    y = (1 + 2 / np.sqrt(x)) * (1 + 0.05 * np.random.default_rng(2).standard_normal(12))
    found, scaled = extrapolate(x, y, [24]).interval(), extrapolate(1000 * x, 1e6 * y, [24_000]).interval()
    assert scaled == pytest.approx(1e6 * found, rel=1e-6)


@pytest.mark.slow
def test_intervals_cover_what_comes():
    """Means of five runs with 10% of waves: of 40 curves of each of 7 laws, 95% to 98% at twice the iterations.

    280 draws at 93% are fewer than 248 with a probability of 0.2%.
    """
    random, x, covered = np.random.default_rng(0), np.arange(1, 21) / 20, 0
    for law in LAWS.values():
        for _ in range(40):
            noise = random.standard_normal((20, 5))
            for i in range(1, 20):
                noise[i] = 0.6 * noise[i - 1] + 0.8 * noise[i]
            y = (law(x)[:, None] * (1 + 0.1 * noise)).mean(1)
            _, low, high = extrapolate(x, y, [2.0]).interval()
            covered += low[0] <= (law(2.0) * (1 + 0.1 * random.standard_normal(5))).mean() <= high[0]
    assert covered >= 248


def runs(law, widths, noise=0.0, seeds=5):
    random = np.random.default_rng(0)
    return {k: law(k) * (1 + noise * random.standard_normal(seeds)) for k in widths}


@pytest.mark.parametrize("law", [lambda k: 3 + 60 / k, lambda k: 20 * k**-0.4, lambda k: 3.0])
def test_the_law_over_widths_predicts_the_next_one(law):
    found = next_width(runs(law, [2, 4, 8, 16, 32], 0.01))
    assert found.width == 64
    assert found.value == pytest.approx(law(64), rel=0.06)
    assert found.low <= law(64) <= found.high
    assert next_width(runs(law, [2, 4, 8, 16, 32], 0.01), 48).width == 48


def test_a_law_over_widths_takes_four_of_them_and_says_so():
    law = lambda k: 3 + 60 / k  # noqa: E731
    assert why_no_law(runs(law, [2, 4, 8])) == "a law over widths takes 4 of them, and there are 3"
    assert why_no_law({2: []}) == "a law over widths takes 4 of them, and there are 0"
    assert "two runs" in why_no_law(runs(law, [2, 4, 8, 16], seeds=1))
    assert "above 0" in why_no_law(runs(lambda k: 0.0, [2, 4, 8, 16]))
    assert "finite" in why_no_law(runs(lambda k: np.inf if k == 2 else 1.0, [2, 4, 8, 16]))
    assert next_width(runs(law, [2, 4, 8])) is None
    assert why_no_law(runs(law, [2, 4, 8, 16])) == ""


def test_a_curve_that_leaps_by_orders_of_magnitude_has_finite_numbers():
    values = [3.6e-08, 1.4e-07, 2.4e-05, 1.9e-08]
    ahead = extrapolate([46, 110, 199, 249], values, [249, 498])
    assert np.isfinite(ahead.interval()).all()
    assert np.isfinite(ahead.change(0.01)).all()
