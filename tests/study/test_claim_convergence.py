"""Whether wider networks converge faster, by studies whose truth is known."""

import math

import numpy as np
import pytest

from overgan.study.analysis import common_target, iterations_to, iterations_to_final, mean_level
from tests.claiming import claim_of
from tests.study.courses import study_of


def noise(seed, t, k):
    return math.exp(0.01 * np.random.default_rng([seed, t, k]).standard_normal())


def falling(time):
    """Distances that fall to 1 with this time of decay, a function of k."""
    return lambda k, s, t: (1 + 99 * math.exp(-t / time(k))) * noise(s, t, k)


def test_wider_is_faster(tmp_path):
    found = claim_of(study_of(tmp_path, falling(lambda k: 400 / k)), "convergence")
    assert found.verdict == "supports"
    target, level, _ = found.numbers
    assert max(target.high, level.high) < 0
    assert target.what.startswith("Kendall's τ of k with the iterations to test pixels Fréchet distance")
    assert found.p_value < 1e-3
    assert found.rests_on == "12 runs, 4 widths, pixels features"
    assert found.needed == ""
    assert found.figures[0] == "iterations-to-target"


def test_wider_is_slower(tmp_path):
    assert claim_of(study_of(tmp_path, falling(lambda k: 20 * k)), "convergence").verdict == "contradicts"


def test_as_fast_at_every_width_cannot_be_told(tmp_path):
    found = claim_of(study_of(tmp_path, lambda k, s, t: falling(lambda _: 100)(k, s, t)), "convergence")
    assert found.verdict == "cannot tell"
    assert "seeds" in found.needed


def test_a_poor_network_that_stops_early_does_not_converge_faster(tmp_path):
    """The narrow ones stop at once, far away; the wide ones go on to improve: 10 % of their own end is later."""
    found = claim_of(
        study_of(tmp_path, lambda k, s, t: max(100 / k, 100 * math.exp(-t / 100)) * noise(s, t, k)), "convergence"
    )
    assert found.verdict == "supports"
    *_, own = found.numbers
    assert own.low > 0
    assert "by no run of k = 2" in found.because


def test_curves_that_cross_cannot_be_told(tmp_path):
    """Wide ones are worse for most of the training, and come to the target first."""

    def distance(k, s, t):
        return (100 * k if t < 600 + 300 / k else 1) * noise(s, t, k)

    found = claim_of(study_of(tmp_path, distance), "convergence")
    assert found.verdict == "cannot tell"
    assert "cross" in found.needed


def test_runs_that_diverged_never_arrive(tmp_path):
    lost = [(2, 0), (2, 1), (2, 2)]
    found = claim_of(study_of(tmp_path, lambda _k, _s, t: 100 / t, lost=lost), "convergence")
    assert found.rests_on.startswith("12 runs")
    assert found.numbers[0].value < 0
    assert all(map(math.isfinite, [n for of in found.numbers for n in (of.value, of.low, of.high)]))


@pytest.mark.parametrize(
    ("changed", "because", "needed"),
    [
        ({"widths": (4,)}, "Only k = 4 has runs", "Two more widths"),
        ({"unfinished": (4, 8, 16)}, "Only k = 2 has runs", "Finished runs of k = 4, 8 and 16"),
        ({"unfinished": (2, 4, 8, 16)}, "No run has come to its end", "go on with the study"),
        ({"lost": [(k, s) for k in (2, 4, 8, 16) for s in range(3)]}, "All runs diverged", "learning_rate"),
        ({"lost": [(k, s) for k in (2, 4) for s in range(3)]}, "More than a quarter", "learning_rate"),
        ({"seeds": 1}, "is reached by no run of k = 2", "seeds"),
        ({"schedule": "linear"}, "brings every run to rest", ""),
    ],
)
def test_what_is_missing_is_said(tmp_path, changed, because, needed):
    found = claim_of(study_of(tmp_path, falling(lambda k: 400 / k), **changed), "convergence")
    assert because in found.because
    assert needed in found.needed
    assert found.verdict == ("supports" if "schedule" in changed else "cannot tell")


def test_iterations_to_a_distance():
    t, y = np.array([100.0, 200, 300]), np.array([100.0, 10, 1])
    assert iterations_to(t, y, 10) == 200
    assert iterations_to(t, y, math.sqrt(10)) == pytest.approx(250)  # halfway, of the logarithm
    assert iterations_to(t, y, 100) == iterations_to(t, y, 1000) == 100
    assert iterations_to(t, y, 0.5) == math.inf
    assert iterations_to(t, np.array([5.0, 0, 0]), 0) == 200
    assert iterations_to_final(t, np.array([100.0, 1.1, 1])) == pytest.approx(200)
    assert iterations_to_final(t, np.array([1.0, 1, 1])) == 100


def test_the_mean_level_is_the_area_under_the_logarithm():
    t = np.linspace(1, 5, 400)
    assert mean_level(t, np.exp(t)) == pytest.approx(math.exp(3))  # of t from 1 to 5, the mean is 3
    assert mean_level(np.array([1.0]), np.array([7.0])) == pytest.approx(7)
    assert mean_level(np.array([1.0, 2]), np.array([1.0, math.inf])) == math.inf
    assert mean_level(np.array([1.0, 2]), np.array([0.0, 0.0])) >= 0


def test_three_quarters_end_at_the_target_less_ten_percent():
    for n in range(1, 12):
        last = np.arange(n) + 1.0
        target = common_target(list(last)) / 1.1 + 1e-9
        assert (last <= target).mean() >= 0.75 > (last <= target - 1).mean()
    assert common_target([1.0, math.inf]) == common_target([]) == math.inf
