"""Whether wider networks train more stably, by studies whose truth is known."""

import math

import numpy as np
import pytest

from overgan.study.analysis import relative_spread, variation
from tests.claiming import claim_of
from tests.study.courses import study_of


def shaking(by, level=lambda _k: 10.0, falls=0.0):
    """Distances about a level, which shake by a share of it that is a function of k."""

    def distance(k, s, t):
        return level(k) * math.exp(-falls * t + by(k) * np.random.default_rng([s, t, k]).standard_normal())

    return distance


def test_wider_is_steadier(tmp_path):
    found = claim_of(study_of(tmp_path, shaking(lambda k: 0.2 / k)), "stability")
    assert found.verdict == "supports"
    relative, absolute, _ = found.numbers
    assert max(relative.high, absolute.high) < 0
    assert "None of 12 runs diverged." in found.because
    assert found.figures[0] == "variation"


def test_wider_is_less_steady(tmp_path):
    assert claim_of(study_of(tmp_path, shaking(lambda k: 0.002 * k)), "stability").verdict == "contradicts"


def test_as_steady_at_every_width_cannot_be_told(tmp_path):
    found = claim_of(study_of(tmp_path, shaking(lambda _: 0.05)), "stability")
    assert found.verdict == "cannot tell"
    assert "seeds" in found.needed


def test_a_steady_fall_is_steady(tmp_path):
    """Wide ones still fall fast, narrow ones stay and shake."""
    found = claim_of(
        study_of(tmp_path, lambda k, s, t: shaking(lambda k: 0.1 / k, falls=0.002 * (k > 4))(k, s, t)), "stability"
    )
    assert found.verdict == "supports"


def test_what_is_more_in_percent_and_less_as_a_distance_cannot_be_told(tmp_path):
    found = claim_of(study_of(tmp_path, shaking(lambda k: 0.005 * k, level=lambda k: 1000 / k**3)), "stability")
    assert found.verdict == "cannot tell"
    assert "vary more relative to their distance, and less as a distance" in found.needed


def test_runs_that_diverged_are_the_least_steady(tmp_path):
    lost = [(2, 0), (2, 1), (2, 2), (4, 0), (4, 1)]
    found = claim_of(study_of(tmp_path, shaking(lambda _: 0.05), lost=lost), "stability")
    assert found.verdict == "supports"
    assert "5 of 12 runs diverged: 3 at k = 2 and 2 at k = 4." in found.because
    assert found.numbers[-1].what == "Kendall's τ of k with whether a run diverged"
    assert found.numbers[-1].high < 0


def test_wide_runs_that_diverge_take_the_support_away(tmp_path):
    lost = [(16, s) for s in range(3)] + [(8, s) for s in range(3)]
    study = study_of(tmp_path, shaking(lambda k: 0.2 / k), widths=(1, 2, 4, 8, 16), lost=lost)
    assert claim_of(study, "stability").verdict != "supports"


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"widths": (4,)}, "Only k = 4"),
        ({"unfinished": (2, 4, 8, 16)}, "No run has come to its end"),
        ({"lost": [(k, s) for k in (2, 4, 8, 16) for s in range(3)]}, "All runs diverged"),
        (
            {"widths": (2, 4), "seeds": 2, "lost": [(2, 0), (4, 1)]},  # half of the runs of either width
            "(medians of the runs that came through)",
        ),
        ({"seeds": 1}, "varies about its trend, relative to itself, by"),
        ({"schedule": "linear"}, "brings every run to rest by itself"),
    ],
)
def test_what_is_missing_is_said(tmp_path, changed, because):
    found = claim_of(study_of(tmp_path, shaking(lambda _: 0.05), **changed), "stability")
    assert because in found.because
    assert found.verdict == "cannot tell"
    assert found.needed


def test_variation_is_that_of_the_residuals_of_the_last_third():
    t = np.arange(1.0, 13)
    logs = np.random.default_rng(0).standard_normal(12)
    late, rest = t[7:], logs[7:]  # from 8 of 12 on
    fitted = np.polyval(np.polyfit(late, rest, 1), late)
    expected = math.sqrt(np.square(rest - fitted).sum() / 3)
    relative, absolute = variation(t, np.exp(logs))
    assert relative == pytest.approx(expected)
    assert absolute == pytest.approx(expected * math.exp(rest.mean()))
    assert variation(t, np.exp(-0.3 * t))[0] == pytest.approx(0, abs=1e-12)
    for values in (np.zeros(12), np.full(12, np.inf)):
        assert math.isnan(variation(t, values)[0])
    assert math.isnan(variation(t[:4], np.ones(4))[0])  # 3 and 4 are late


@pytest.mark.parametrize("every", [1, 7, 50, 500, 10_000])
def test_the_evaluation_after_two_thirds_is_one_of_the_last_third(every):
    assert variation(every * np.arange(1.0, 7), np.exp([0, 0, 0, 1, 1, 1]))[0] == pytest.approx(0, abs=1e-12)
    assert variation(every * np.arange(1.0, 7), np.exp([0, 0, 0, 1, 2, 1]))[0] > 0.1


def test_spread_is_relative():
    assert relative_spread([1.0, math.e]) == pytest.approx(math.sqrt(0.5))
    assert relative_spread([10.0, 10 * math.e, math.inf]) == pytest.approx(math.sqrt(0.5))
    assert math.isnan(relative_spread([1.0]))
