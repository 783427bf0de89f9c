"""What the page of a study of several learning rates says and draws; made-up numbers, expected by hand."""

import json
import re

import pytest

from overgan.report import report_content
from overgan.report._map import Cells, Map
from overgan.report._plot import to_html, to_images
from overgan.report.pages._gan_rates import rate_figures, rate_findings
from tests.report.test_report import SEEDS, make_study as make_study

RATES = [0.001, 0.002, 0.004, 0.008, 0.016]
BEST = {"constant": {2: 0.008, 4: 0.004, 8: 0.002}, "mup": {2: 0.004, 4: 0.004, 8: 0.004}}
LEVEL = {"constant": {2: 30, 4: 10, 8: 11}, "mup": {2: 30, 4: 10, 8: 5}}


def distance(rule, k, rate, seed):
    """Of the training images; the least, 1 % apart by the seeds, at the best rate, twice as much at the next."""
    octaves = abs(RATES.index(rate) - RATES.index(BEST[rule][k]))
    return LEVEL[rule][k] * 2**octaves * (1 + 0.01 * seed)


@pytest.fixture
def rated(make_study):
    """A study of several rates and rules; with averages, whose last weights are worse, and fewer runs than planned."""

    def make(failing=(), rates=RATES, unfinished=(), **train):
        train = {"learning_rates": rates, "learning_rate_rules": ["constant", "mup"], "base_width": 2} | train
        study = make_study(features=["classifier"], unfinished=unfinished, **train)
        for k in study.spec.widths:
            rows, lost = [], {}
            for iteration in (10,) if k in unfinished else (10, 20):
                for run in study.spec.train.runs(SEEDS):
                    if (run.rule, k, run.learning_rate) in failing:
                        lost[run.name] = 5
                        continue
                    value = distance(run.rule, k, run.learning_rate, run.seed)
                    of = study.spec.train.row(run) | {"iteration": iteration, "features": "classifier"}
                    values = {"frechet_train": value, "frechet_test": value + 1}
                    if study.spec.train.average:
                        last = value * (0.1 if k == 2 else 3)  # the narrowest would be enough
                        values |= {"frechet_train_unaveraged": last, "frechet_test_unaveraged": last + 1}
                    rows.append(of | values)
            (study.group(k) / "evaluations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            index = study.group(k) / "checkpoint.json"
            index.write_text(json.dumps(json.loads(index.read_text()) | {"diverged": lost}))
        return study

    return make


def test_the_page_says_how_the_best_step_goes_with_the_width(rated):
    found = rate_findings(rated())
    for sentence in [
        "By the rule constant the mean test classifier Fréchet distance is level from k = 4 on (95% interval: 4 "
        "alone), at 11.1, and then rises: at k = 8 it is 9.1% above the least, that of k = 4.",
        "By the rule mup the mean test classifier Fréchet distance still falls at the widest, to 6.05 at k = 8 (95% "
        "interval: 8 alone).",
        "By the rule constant the best learning rate goes as k^-1 (95% interval: -1 to -1), by k = 2, 4 and 8; 0 would "
        "mean that one step is right for every width, and is not in the interval.",
        "The learning rate 0.008, best at k = 2, by the rule constant at every wider width: the distance is at most "
        "280% above that at each width's own best, at k = 8, so the rule does not predict from one narrow width.",
        "The learning rate 0.004, best at k = 2, by the rule mup at every wider width: no width is worse with it than "
        "at its own best, so the rule predicts from one narrow width, within 5%.",
    ]:
        assert sentence in found
    (mup,) = [sentence for sentence in found if sentence.startswith("By the rule mup the best")]
    assert mup.startswith(
        "By the rule mup the best learning rate, as that of k = 2, goes as k^0 (95% interval: 0 to 0)"
    )
    assert mup.endswith("0 would mean that the rule is right, and is in the interval.")
    assert not any("Averaging" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("rates", "judged", "note"),
    [
        (
            RATES,
            "at the best of its learning rates, chosen on the training images' distance (by the rule constant)",
            "by the rule constant at each width's best learning rate, which is chosen on the distance from training "
            "images",
        ),
        (RATES[:1], "by the rule constant", "by the rule constant"),
    ],
)
def test_the_rule_that_is_shown_is_named_and_several_learning_rates_where_there_are_some(rated, rates, judged, note):
    page = report_content(rated(rates=rates))
    assert f"Each width is judged {judged}." in page.findings
    assert page.table_note.endswith(f"which more runs do not make smaller. All {note}.")
    assert ("learning rate" in dict(page.table[0])) == (len(rates) > 1)


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        (
            RATES[2:],
            "How the best learning rate by the rule constant goes with k is not known: the best must lie between "
            "others. At k = 4 and 8 the best is the least or the largest of those tried, or trained, and left out.",
        ),
        (
            RATES[1:],
            "By the rule constant the best learning rate goes as k^-1, by k = 2 and 4; an interval takes three widths "
            "whose best lies between others, and two seeds: 2 such widths, 3 seeds. At k = 8 the best is the least or "
            "the largest of those tried, or trained, and left out.",
        ),
    ],
)
def test_a_best_step_at_the_edge_of_those_tried_is_said_and_left_out(rated, rates, sentence):
    assert sentence in rate_findings(rated(rates=rates))


def test_whether_a_step_transfers_is_not_known_where_the_best_is_at_the_edge(rated):
    found = rate_findings(rated(rates=[rate for rate in RATES if rate >= 0.004]))
    assert (
        "Whether the best learning rate at k = 2 is right at wider widths, by the rule mup, is not known: the best at "
        "k = 2, 4 and 8 is the least or the largest of those tried." in found
    )
    assert not any("by the rule mup at every wider width" in sentence for sentence in found)


def test_runs_that_diverge_with_a_narrow_widths_step_are_said(rated):
    study = rated(failing={("constant", 8, 0.008)})
    assert (
        "The learning rate 0.008, best at k = 2, by the rule constant at every wider width: runs diverge with it at "
        "k = 8, so the rule does not predict from one narrow width." in rate_findings(study)
    )


def test_a_rule_by_which_no_run_finished_says_so_beside_the_others(rated):
    failing = {("mup", k, rate) for k in (2, 4, 8) for rate in RATES}
    study = rated(failing=failing)
    assert any(sentence.startswith("By the rule mup nothing can be said: ") for sentence in rate_findings(study))
    assert [panel.title for panel in rate_figures(study)[0].panels] == ["constant"]


def test_of_a_study_under_way_the_finished_widths_are_said(rated):
    study = rated(unfinished={8})
    found = rate_findings(study)
    assert any("goes as k^-1, by k = 2 and 4; an interval takes three widths" in sentence for sentence in found)
    assert any("at most 91% above" in sentence and "at k = 4" in sentence for sentence in found)  # 21.2 and 11.1 − 1
    assert {plot.name for plot in rate_figures(study)} == {"learning-rates", "best-step", "frechet-by-rule"}
    assert rate_findings(rated_again := study.narrowed([8])) == [
        f"By the rule {rule} nothing can be said: no width has a finished run yet; go on with the study first."
        for rule in ("constant", "mup")
    ]
    assert rate_figures(rated_again) == []


def test_averaging_that_moves_the_width_is_said(rated):
    assert rate_findings(rated(average=0.999))[-1] == (
        "Averaging moves the width: k = 2 (95% interval: 2 alone) without it, k = 4 (95% interval: 4 alone) with it. "
        "The least mean test classifier Fréchet distance of all widths is 11.1 with it and 4.03 without."
    )


def test_the_map_has_every_rate_and_frames_the_best(rated):
    map_, *_ = rate_figures(rated(failing={("constant", 8, 0.016)}))
    assert (map_.columns, map_.rows) == (["2", "4", "8"], ["0.001", "0.002", "0.004", "0.008", "0.016"])
    constant, mup = map_.panels
    assert constant.values[3][0] == pytest.approx(30 * 1.01 + 1)
    assert constant.values[0][1] == pytest.approx(40 * 1.01 + 1)
    assert constant.failures[4] == [False, False, True]
    assert not any(map(any, mup.failures))
    assert sorted(constant.marked) == [(1, 2), (2, 1), (3, 0)]
    assert sorted(mup.marked) == [(2, 0), (2, 1), (2, 2)]


def test_a_cross_is_where_runs_diverged_and_not_where_they_are_still_trained(rated):
    study = rated(failing={("constant", 2, rate) for rate in RATES})
    evaluations = study.group(4) / "evaluations.jsonl"
    rows = evaluations.read_text().splitlines(keepends=True)
    evaluations.write_text("".join(row for row in rows if json.loads(row)["seed"] != SEEDS[-1]))
    constant, mup = rate_figures(study)[0].panels
    assert constant.failures == len(RATES) * [[True, False, False]]
    assert not any(map(any, mup.failures))


def test_the_best_step_is_drawn_with_its_law(rated):
    plots = {plot.name: plot for plot in rate_figures(rated())}
    constant, law, mup, _ = plots["best-step"].panels[0].series
    assert (constant.name, mup.name) == ("constant", "mup")
    for series in (constant, law):
        assert list(series.x) == [2, 4, 8]
        assert series.y == pytest.approx([0.008, 0.004, 0.002])
    assert law.dashed
    assert law.name == "constant, k^-1 (95% interval: -1 to -1)"
    by_rule = plots["frechet-by-rule"].panels[0].series
    assert [list(series.y) for series in by_rule] == [
        pytest.approx([31.3, 11.1, 12.11]),
        pytest.approx([31.3, 11.1, 6.05]),
    ]


def test_all_else_on_the_page_is_of_each_widths_best_rate(rated):
    content = report_content(rated())
    assert {"learning-rates", "best-step", "frechet-by-rule"} <= {plot.name for plot in content.plots}
    assert "By the rule mup" in " ".join(content.findings)
    assert [dict(row)["classifier Fréchet distance, test"] for row in content.table] == [
        "31.3 ± 0.3",
        "11.1 ± 0.1",
        "12.1 ± 0.11",
    ]
    assert [dict(row)["learning rate"] for row in content.table] == ["0.008", "0.004", "0.002"]
    plots = {plot.name: plot for plot in content.plots}
    assert plots["frechet-classifier-over-iterations"].panels[0].series[2].y == pytest.approx([12.11, 12.11])


def test_a_map_is_drawn_by_both_renderers():
    values = [[1.0, 10.0], [100.0, float("nan")]]
    map_ = Map(
        "m",
        "title",
        "x",
        "y",
        ["2", "4"],
        ["0.1", "0.2"],
        [Cells(name, values, [[False, True], [False, True]], [(0, 0)][:at]) for at, name in ((1, "one"), (0, "two"))],
    )
    html, images = to_html(map_), to_images(map_)
    for text in ("one", ">10 ×</td>", ">100</td>", "0.2"):
        assert text in html
    assert re.findall(r"class=best>(.*?)</td>", html) == ["<strong>1</strong><span class=unseen> best</span>"]
    assert html.index(">0.2</th>") < html.index(">0.1</th>")  # the first row is the lowest
    assert re.findall(r"background:(#\w+);color:(\w+)", html)[:3] == [  # the upper row, 100 and none; then 1
        ("#440154", "white"),
        ("#888888", "black"),
        ("#fde725", "black"),
    ]
    assert images["png"].startswith(b"\x89PNG")
    assert images == to_images(map_)
    nothing = Map("m", "title", "x", "y", ["2"], ["0.1"], [Cells("one", [[float("nan")]], [[True]], [])])
    assert to_images(nothing).keys() == images.keys()
    with pytest.raises(TypeError, match="int is no figure"):
        to_html(3)
