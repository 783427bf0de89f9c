"""The section of a report on how a study came to its runs, round by round; expected by hand."""

import json
import math

import numpy as np
import pytest

import overgan
from overgan.errors import OverganError
from overgan.report import report_content
from overgan.study.analysis import standing
from tests.racing import begun, write_study

VALUES = {4: [9.0, 9.1, 9.2], 8: [5.0, 5.2, 5.1, 4.9, 5.0, 5.1], 16: [4.9, 5.1, math.inf, 5.0, 5.1, 4.8]}
BEGIN = begun({4: 3, 8: 3}, "Every width begins with 3 seeds.")
WIDER = begun({4: 3, 8: 3, 16: 3}, "k = 8 may still be better, so k = 16 is tried.", "wider")
SEEDS = begun({4: 3, 8: 6, 16: 6}, "k = 8 seems to be within 5% of k = 16, but that is not sure yet.", "seeds")
ROUNDS = [BEGIN, WIDER, SEEDS]


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path, VALUES, ROUNDS, seconds=1200.0)  # a third of a core-hour each


def test_the_page_has_the_rounds_with_their_reasons_and_cost_beside_that_of_a_grid(study):
    section = report_content(study).section
    assert [dict(row) for row in section.table] == [
        {
            "round": "1",
            "trains": "3 seeds at k = 4 and 8",
            "because": "Every width begins with 3 seeds",
            "core-hours so far": "2 (6 seeds)",
            "as a grid": "2 (6 seeds)",
        },
        {
            "round": "2",
            "trains": "wider, 3 seeds at k = 16",
            "because": "k = 8 may still be better, so k = 16 is tried",
            "core-hours so far": "3 (9 seeds)",
            "as a grid": "3 (9 seeds)",
        },
        {
            "round": "3",
            "trains": "3 more seeds at k = 8 and 16",
            "because": "k = 8 seems to be within 5% of k = 16, but that is not sure yet",
            "core-hours so far": "5 (15 seeds)",
            "as a grid": "6 (18 seeds)",
        },
    ]
    page = overgan.write_report(study.folder, figures=False).read_text()
    for said in (
        "<h2>The race</h2>",
        "an interval that holds with 95% confidence",
        "that is not sure yet",
        'id="race"',
    ):
        assert said in page


def test_an_interval_narrows_from_round_to_round_by_the_runs_that_there_were(study):
    (plot,) = report_content(study).section.plots
    narrow, middle, wide = plot.panels[0].series
    assert plot.x_label == "core-hours of all runs so far"
    assert (narrow.x, middle.x, wide.x) == ([2, 3, 5], [2, 3, 5], [3, 5])
    np.testing.assert_allclose(narrow.y, [9.1] * 3)
    np.testing.assert_allclose(middle.y, [5.1, 5.1, 5.05])
    np.testing.assert_allclose(wide.y, [(4.9 + 5.1 + 10) / 3, (24.9 + 2 * 24.9 / 5) / 6])  # diverged: twice the mean
    first = standing({k: VALUES[k][:3] for k in (4, 8)}, 0.05, 0.95, initial=2)
    last = standing(VALUES, 0.05, 0.95, initial=2)
    assert (middle.low[0], middle.high[0]) == pytest.approx(first.intervals[8])
    assert (middle.low[2], middle.high[2]) == pytest.approx(last.intervals[8])
    assert middle.high[2] - middle.low[2] < middle.high[0] - middle.low[0]
    assert min(*narrow.low, *wide.low) >= 5.05 / 3  # beyond that it is cut
    assert max(*narrow.high, *wide.high) <= 9.1 * 3


def test_rounds_that_were_shorter_are_shown_as_they_were(tmp_path):
    shorter = BEGIN.model_copy(update={"iterations": 400})
    longer = begun({4: 3, 8: 3}, "The distance still falls.", "longer")
    study = write_study(tmp_path, {k: VALUES[k][:3] for k in (4, 8)}, [shorter, longer], seconds=1200.0)
    path = study.group(8) / "evaluations.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    changed = [row | ({"frechet_test": 8.0} if (row["seed"], row["iteration"]) == (0, 400) else {}) for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    section = report_content(study).section
    (plot,) = section.plots
    assert plot.panels[0].series[1].x == pytest.approx([0.8, 2])  # 400 of 1,000 iterations
    assert plot.panels[0].series[1].y == pytest.approx([6.1, 5.1])
    assert [dict(row)["trains"] for row in section.table] == ["3 seeds at k = 4 and 8", "longer, 1,000 iterations"]


def test_a_round_that_is_under_way_is_in_the_table_alone(tmp_path):
    more = begun({4: 3, 8: 12, 16: 12}, "Not sure yet.", "seeds")
    section = report_content(write_study(tmp_path, VALUES, [*ROUNDS, more])).section
    assert len(section.table) == 4
    assert len(section.plots[0].panels[0].series[0].x) == 3


def test_nothing_is_drawn_before_a_round_is_done_or_anything_was_measured(tmp_path):
    study = write_study(tmp_path, {4: [9.0] * 3, 8: [5.0] * 3}, [BEGIN], seconds=0.0, unfinished=[8])
    section = report_content(study).section
    assert (section.plots, dict(section.table[0])["seeds so far"]) == ([], "6")
    assert "The race" in overgan.write_report(study.folder, figures=False).read_text()


def test_some_widths_alone_have_their_race(study):
    section = report_content(study.narrowed([8, 16])).section
    assert [series.name for series in section.plots[0].panels[0].series] == ["k = 8", "k = 16"]


def test_a_study_that_decides_nothing_has_no_such_section(tmp_path):
    study = write_study(tmp_path, VALUES)
    assert report_content(study).section is None
    assert "The race" not in overgan.write_report(study.folder, figures=False).read_text()


def test_rounds_that_anybody_may_have_written_are_shown_as_text_or_refused(tmp_path):
    odd = BEGIN.model_copy(update={"why": "<script>alert(1)</script>", "seeds": {8: 3, 64: 9}})  # no k = 64 here
    study = write_study(tmp_path, VALUES, [odd])
    page = overgan.write_report(study.folder, figures=False).read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    path = tmp_path / "rounds.json"
    path.write_text(path.read_text().replace('"8": 3', "").replace(',\n        "64": 9', ""))
    with pytest.raises(OverganError, match=r"rounds.json .*restore it, or remove it"):
        report_content(study)
