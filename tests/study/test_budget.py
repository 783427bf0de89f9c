"""The width for a budget: by hand from curves, and from a small study's own numbers."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.cli._budget import read_pace
from overgan.errors import OverganError
from overgan.study.analysis import closest
from tests.racing import write_study

ITERATIONS = np.arange(1, 11) * 100


def curve(law, spread=0.01):
    """Three runs about a law."""
    return pd.DataFrame(law(ITERATIONS)[:, None] * (1 + spread * np.array([-1, 0, 1])), index=ITERATIONS)


CURVES = {4: curve(lambda t: 5 + 0 * t), 8: curve(lambda t: 100 / np.sqrt(t)), 16: curve(lambda t: 400 / np.sqrt(t))}


def at(iterations, **settings):
    return closest(CURVES, iterations, settings.pop("diverged", {}), 0.05, 0.95)


def test_the_width_that_comes_closest_depends_on_what_the_budget_affords():
    short = at({4: 1000, 8: 200, 16: 100})
    assert short.expected[4].value == pytest.approx(5)
    assert short.expected[8].value == pytest.approx(100 / np.sqrt(200))
    assert short.expected[16].value == pytest.approx(40)
    assert (short.width, short.not_told_apart, short.narrowest) == (4, (4,), 4)
    assert (at({4: 1000, 8: 900, 16: 900}).width, at({4: 1000, 8: 900, 16: 900}).not_told_apart) == (8, (8,))


def test_between_evaluations_it_is_on_a_line_over_the_logarithm():
    found = at({4: 1000, 8: 346.41016, 16: 100}).expected[8].value  # half way from 300 to 400
    assert found == pytest.approx((100 / np.sqrt(300) + 100 / np.sqrt(400)) / 2)


def test_beyond_what_was_trained_the_curve_goes_on_to_four_times_as_many_at_most():
    found = at({4: 1000, 8: 2000, 16: 4000}).expected
    assert found[8].value == pytest.approx(100 / np.sqrt(2000), rel=0.03)
    assert found[16].value == pytest.approx(400 / np.sqrt(4000), rel=0.06)
    assert at({4: 1, 8: 1, 16: 10**9}).expected[16] == at({4: 1, 8: 1, 16: 4000}).expected[16]


def test_widths_that_runs_do_not_tell_apart_are_named_and_the_narrowest_that_is_near():
    curves = {4: curve(lambda t: 5.1 + 0 * t, 0.1), 8: curve(lambda t: 5 + 0 * t, 0.1), 16: curve(lambda t: 15 + 0 * t)}
    found = closest(curves, dict.fromkeys(curves, 1000.0), {}, 0.05, 0.95)
    assert (found.width, found.not_told_apart, found.narrowest) == (8, (4, 8), 4)


def test_runs_that_diverge_count_as_twice_as_far():
    assert at({4: 1000, 8: 1, 16: 1}, diverged={4: 0.25}).expected[4].value == pytest.approx(5 * 1.25)


def test_curves_of_one_shape_go_on_independently():
    def shaking(t):
        return 100 / np.sqrt(t) * np.exp(0.05 * (-1) ** (t // 100))

    curves = {4: curve(shaking, 0), 8: curve(lambda t: 1.001 * shaking(t), 0)}
    assert closest(curves, dict.fromkeys(curves, 2000.0), {}, 0.05, 0.95).not_told_apart == (4, 8)


def test_one_run_of_each_width_tells_none_from_another(tmp_path):
    study = write_study(tmp_path, {2: [4.0], 4: [3.96], 8: [3.92]})
    found = study.for_budget("1h", {2: 1.0, 4: 1.0, 8: 1.0})
    assert (found.width, found.not_told_apart) == (8, (2, 4, 8))
    assert all(np.isnan(of.expected.low) for of in found.widths)
    assert "k = 2 and 4 may come as close. With one run a width that came through, how much" in str(found)
    assert "interval" not in str(found)
    alone = str(study.for_budget("1h", {2: 1e6, 4: 1e6, 8: 1.0}))
    assert "as close" not in alone
    assert "Nothing is known of k = 2 and 4" in alone


def test_before_the_first_evaluation_nothing_is_known():
    assert set(at({4: 100, 8: 99, 16: 99}).expected) == {4}
    assert at(dict.fromkeys(CURVES, 99.0)) is None


def test_a_studys_budget_is_spent_at_the_pace_that_is_given(small_study):
    study = overgan.load(small_study / "study")
    frame = study.frame()
    mean = frame[frame.iteration == 60].groupby("k").frechet_test.mean()
    found = study.for_budget("1m", {2: 1.0, 8: 4.0})
    assert [of.seconds_each for of in found.widths] == pytest.approx([1.0, 2.0, 4.0])  # in proportion to k
    assert [of.iterations for of in found.widths] == [60, 30, 15]
    assert found.widths[0].expected.value == pytest.approx(mean[2])
    assert found.widths[2].expected is None  # the first evaluation is at 20
    assert study.for_budget("2m", {2: 1.0, 8: 4.0}).widths[0].at == 60  # three evaluations: its curve does not go on
    own, faster = study.for_budget("1h"), study.for_budget("1h", 2.0)
    for k, once, twice in zip((2, 4, 8), own.widths, faster.widths, strict=True):
        seconds = json.loads((study.group(k) / "checkpoint.json").read_text())["seconds"]
        assert once.seconds_each == pytest.approx(seconds / 60 / 2)  # of 60 iterations of two runs
        assert twice.seconds_each == pytest.approx(once.seconds_each / 2)
    scaled = study.for_budget("1h", {4: 10 * own.widths[1].seconds_each})  # ten times as slow, at all widths
    assert [of.seconds_each for of in scaled.widths] == pytest.approx([10 * of.seconds_each for of in own.widths])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": "soon"}, "budget is soon; write a time"),
        ({"budget": 0}, "budget is 0; it must be more than 0 seconds"),
        ({"budget": float("nan")}, "budget is nan; it must be more than 0 seconds"),
        ({"budget": "1s", "pace": {2: 1.0}}, "budget is 1s, which affords 1 iteration at k = 2, .*give more"),
        ({"budget": "1h", "pace": 0.0}, "pace is 0.0; it must be more than 0 times as fast"),
        ({"budget": "1h", "pace": {}}, "pace is empty; it must be seconds"),
        ({"budget": "1h", "pace": {2: -1.0}}, "pace is -1.0 at k = 2; it must be seconds above 0"),
        ({"budget": "1h", "confidence": 1.0}, "confidence is 1.0; it must be above 0 and below 1"),
        ({"budget": "1h", "tolerance": -1.0}, "tolerance is -1.0; it must be at least 0"),
    ],
)
def test_what_cannot_be_answered_is_one_line(small_study, arguments, message):
    with pytest.raises(OverganError, match=message) as error:
        overgan.load(small_study / "study").for_budget(**arguments)
    assert "\n" not in str(error.value)


def test_the_command_says_the_width_and_what_each_would_come_to(small_study):
    words = ["recommend", str(small_study / "study"), "--budget", "1m", "--pace"]
    said = CliRunner().invoke(app, [*words, "2=1,8=4"]).output
    assert re.match(r"In 1 min 0 s of training k = \d is expected to come closest: mean test pixels", said)
    assert re.search(r"8 +4 +15 +– +– +– ", said)
    found = json.loads(CliRunner().invoke(app, [*words, "2=1,8=4", "--json"]).output)
    assert [of["iterations"] for of in found["widths"]] == [60, 30, 15]
    assert found["widths"][2]["expected"] is None


@pytest.mark.parametrize(
    "pace", ["", "fast", "x", "0x", "infx", "64", "64=", "64=0", "0=1", "64=1,64=2", "64=1,", "64=nan"]
)
def test_what_is_no_pace_says_how_to_write_one(pace):
    with pytest.raises(OverganError, match=f"^--pace is {pace or 'empty'}; write your seconds an iteration, such as"):
        read_pace(pace)


def test_a_pace_is_seconds_by_width_or_a_factor():
    assert read_pace("64=0.12, 8=2e-2") == {64: 0.12, 8: 0.02}
    assert read_pace("1.5x") == 1.5
