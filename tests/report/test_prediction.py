import json
import re

import numpy as np
import pytest

import overgan
from overgan.report import report_content
from overgan.study import Description, machine, parse_spec, versions, write_description

WIDTHS, SEEDS = [2, 20, 200], [0, 1]


@pytest.fixture
def make_study(tmp_path):
    """A study's folder written by hand: of "one" the gap is 0.8/k, or a quarter of that, of "other" it is 0.5."""

    def make(unfinished=()):
        spec = parse_spec(
            {
                "name": "by-hand",
                "kind": "prediction",
                "gans": {"one": {"generator": "shallow"}, "other": {"generator": "deep"}},
                "widths": WIDTHS,
                "seeds": SEEDS,
                "steps": 4,
                "within": 0.1,
            },
            "test",
        )
        parameters = {k: {"generator": 10 * k, "discriminator": 5} for k in WIDTHS}
        common = {"command": "overgan run by-hand.yaml", "data": {}, "features": {}, "parameters": parameters}
        write_description(tmp_path, Description(spec=spec, **common, versions=versions(), machine=machine(1)))
        for k in set(WIDTHS) - set(unfinished):
            group = tmp_path / f"k{k:04d}"
            group.mkdir()
            rows = []
            for seed in SEEDS:
                curves = {}
                for gan in ("one", "other"):
                    gap = 0.5 if gan == "other" else (0.8 if seed == 0 else 0.2) / k
                    curves[f"{gan} measured"] = np.array([2.0, 1.0, 0.5]) * (seed + 1)
                    curves[f"{gan} predicted"] = np.array([2.0, 1.0, 0.4]) * (seed + 1)
                    row = {
                        "seed": seed,
                        "gan": gan,
                        "gap": gap,
                        "within": gap <= 0.1,
                        "diverged": False,
                        "seconds": 1.0,
                    }
                    rows.append(row)
                np.savez(group / f"residuals-{seed:04d}.npz", **curves)
            (group / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return overgan.load(tmp_path)

    return make


def test_the_page_says_how_the_gap_goes_with_k(make_study):
    page = overgan.write_report(make_study().folder, figures=False).read_text()
    assert "Of what there is, k = 20: 2 of 2 runs" in page
    assert "one: the gap goes from 0.25 at k = 2 to 0.0025 at k = 200, as k^-1 (means over seeds" in page
    assert re.search(r"other: the gap stays at \S+ from k = 2 to k = 200, as k\^0 \(", page)
    assert "<td>2 of 2</td>" in page
    assert "0 of 6 runs diverged." in page


def test_figures_hold_what_the_folder_holds(make_study):
    residuals, gap, within = report_content(make_study()).plots
    assert [panel.title for panel in residuals.panels] == ["one", "other"]
    measured, predicted = residuals.panels[0].series[:2]
    assert (measured.name, predicted.name, measured.dashed, predicted.dashed) == (
        "k = 2",
        "k = 2, predicted",
        False,
        True,
    )
    np.testing.assert_allclose(measured.y, [1, 0.5, 0.25, 0.25, 0.25])  # both seeds relative to their first; it stays
    np.testing.assert_allclose(predicted.y, [1, 0.5, 0.2, 0.2, 0.2])
    one, other = gap.panels[0].series
    np.testing.assert_allclose(one.y, [0.25, 0.025, 0.0025])
    np.testing.assert_allclose((one.low, one.high), [[0.1, 0.01, 0.001], [0.4, 0.04, 0.004]])
    np.testing.assert_allclose(other.y, 0.5)
    assert [list(series.y) for series in within.panels[0].series] == [[0.5, 1, 1], [0, 0, 0]]


def test_unfinished_studies_have_pages_too(make_study):
    study = make_study(unfinished={2, 20})
    assert overgan.write_report(study.folder).exists()
    sentences = report_content(study).findings
    assert "Not finished yet: k = 2, 20." in sentences
    assert not any("goes as" in sentence for sentence in sentences)  # one width has no slope


def test_a_study_without_runs_has_a_page_too(make_study):
    page = overgan.write_report(make_study(unfinished=set(WIDTHS)).folder).read_text()
    assert "No width has a finished run yet" in page
