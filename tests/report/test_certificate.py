import json

import pytest

import overgan
from overgan.report import report_content
from overgan.study import Description, machine, parse_spec, versions, write_description

WIDTHS, SEEDS = [10, 100, 1000], [0, 1]


@pytest.fixture
def make_study(tmp_path):
    """A study's folder written by hand: the excess of "near" is 50/k, of "far" infinite at k = 10 (None), else 5."""

    def make(unfinished=()):
        problems = {"near": {"m": 2, "paired": True}, "far": {"m": 2}}
        spec = parse_spec(
            {"name": "by-hand", "kind": "certificate", "problems": problems, "widths": WIDTHS, "seeds": SEEDS}, "test"
        )
        parameters = {k: {"generator": 10 * k, "discriminator": 2} for k in WIDTHS}
        common = {"command": "overgan run by-hand.yaml", "data": {}, "features": {}, "parameters": parameters}
        write_description(tmp_path, Description(spec=spec, **common, versions=versions(), machine=machine(1)))
        for k in set(WIDTHS) - set(unfinished):
            group = tmp_path / f"k{k:04d}"
            group.mkdir()
            rows = []
            for seed in SEEDS:
                for problem in ("near", "far"):
                    excess = 50 / k if problem == "near" else None if k == 10 else 5.0
                    holds = excess is not None and excess <= 1
                    conditions = {"0 < alpha": excess is not None, "change": holds}
                    common = {"seed": seed, "problem": problem, "diverged": False, "seconds": 1.0}
                    rows.append({**common, "excess": excess, "holds": holds, "conditions": conditions})
            (group / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return overgan.load(tmp_path)

    return make


def test_the_page_says_where_the_conditions_hold_and_which_fail(make_study):
    page = overgan.write_report(make_study().folder, figures=False).read_text()
    assert (
        "at least three seeds, such as seeds=[0,1,2]: k = 100 and 1000 have 2. Of what there is, k = 100: 2 of" in page
    )
    assert (
        "near: at k = 10 no run has one, from k = 100 on all runs have a certificate; "
        "the excess goes from 5 at k = 10 to 0.05 at k = 1000, as k^-1."
    ) in page
    assert "far: no run has one at any width; the excess goes from ∞ at k = 10 to 5 at k = 1000, as k^" in page
    assert "Of 12 certificates 8 fail: change in 8, 0 &lt; alpha in 2." in page
    assert "<td>0.5 ± 0 (2 of 2)</td>" in page


def test_figures_hold_what_the_folder_holds(make_study):
    excess, holds = report_content(make_study()).plots
    near, far, limit = excess.panels[0].series
    assert (list(near.y), list(far.x), list(far.y)) == ([5, 0.5, 0.05], [100, 1000], [5, 5])
    assert (list(limit.x), list(limit.y), limit.dashed) == ([10, 1000], [1, 1], True)
    assert [list(series.y) for series in holds.panels[0].series] == [[0, 1, 1], [0, 0, 0]]


def test_unfinished_studies_and_those_without_runs_have_pages_too(make_study):
    study = make_study(unfinished={10})
    assert "Not finished yet: k = 10." in report_content(study).findings
    assert overgan.write_report(study.folder).exists()
    for k in (100, 1000):
        (study.group(k) / "runs.jsonl").unlink()
    assert "No width has a finished run yet" in overgan.write_report(study.folder).read_text()
