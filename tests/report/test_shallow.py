import json

import numpy as np
import pytest

import overgan
from overgan.report import report_content
from overgan.study import Description, machine, parse_spec, versions, write_description

WIDTHS, SEEDS = [2, 5, 10], [0, 1]


@pytest.fixture
def make_study(tmp_path):
    """A study's folder written by hand. At k = 2 no weights reach the target; at 5 those of one seed do; at 10 all."""

    def make(scale=1.0, unfinished=()):
        spec = parse_spec(
            {
                "name": "by-hand",
                "kind": "shallow",
                "methods": {"GDA": {"method": "gda"}, "best": {"method": "optimal", "eta": 0.25}},
                "problem": {"m": 4},
                "widths": WIDTHS,
                "seeds": SEEDS,
                "steps": 10,
                "scale": scale,
            },
            "test",
        )
        parameters = {k: {"generator": 10 * k, "discriminator": 4} for k in WIDTHS}
        common = {"command": "overgan run by-hand.yaml", "data": {}, "features": {}, "parameters": parameters}
        write_description(tmp_path, Description(spec=spec, **common, versions=versions(), machine=machine(1)))
        for k in set(WIDTHS) - set(unfinished):
            group = tmp_path / f"k{k:04d}"
            group.mkdir()
            rows = []
            for seed in SEEDS:
                within_reach = k == 10 or (k == 5 and seed == 1)
                optimum = 0.0 if within_reach else 2.0
                curves = {}
                for method in ("GDA", "best"):
                    converged = within_reach and (method == "best" or k == 10)
                    end = 1e-6 if converged else 1.0 if within_reach else 4.0
                    curves[method] = np.array([8.0, end])
                    rows.append(
                        {
                            "seed": seed,
                            "method": method,
                            "mse": end**2 / 4,
                            "optimal_mse": optimum**2 / 4,
                            "residual": end,
                            "initial_residual": 8.0,
                            "optimum": optimum,
                            "steps": 1,
                            "converged": converged,
                            "diverged": False,
                            "sign_changes": 3,
                            "eta": 0.1,
                            "seconds": 0.5,
                        }
                    )
                np.savez(group / f"residuals-{seed:04d}.npz", **curves)
            (group / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return overgan.load(tmp_path)

    return make


def test_the_page_says_what_was_found(make_study):
    page = overgan.write_report(make_study().folder, figures=False).read_text()
    assert "Of what there is, k = 10: 2 of 2 runs converged by GDA" in page
    assert "By GDA: up to k = 5 no run converges, at k = 10 all do." in page
    assert "By best: at k = 2 no run converges, at k = 10 all do." in page
    # 12 runs by a method; 2 + 1 seeds out of reach, by two methods; and one that GDA missed
    assert "Of the 7 runs that did not converge, 6 could not" in page
    assert "1 could have" in page
    assert "ended at 4 times the least MSE" in page  # 16/4 against 4/4
    assert "η = 0.25" in page
    for cell in ("2 of 2", "0 of 2", "1 of 2", "4 ± 0", "1 ± 0", "100", "2 of 2 runs finished"):
        assert f"<td>{cell}</td>" in page
    assert "<h2>Samples</h2>" not in page


def test_figures_hold_what_the_folder_holds(make_study):
    mse, converged, residuals = report_content(make_study()).plots
    assert [panel.title for panel in mse.panels] == ["GDA", "best"]
    ended, optimum = mse.panels[0].series
    assert ended.x == WIDTHS
    np.testing.assert_allclose(ended.y, [4, (4 + 0.25) / 2, 1e-12])  # the last one, 2.5e-13, at the axis's floor
    np.testing.assert_allclose((ended.low, ended.high), [[4, 0.25, 1e-12], [4, 4, 1e-12]])
    np.testing.assert_allclose(optimum.y, [1, 0.5, 1e-12])
    assert [(s.name, list(s.y)) for s in converged.panels[0].series] == [
        ("GDA", [0, 0, 1]),
        ("best", [0, 0.5, 1]),
        ("target within reach", [0, 0.5, 1]),
    ]
    gda = residuals.panels[0].series
    assert [s.name for s in gda] == ["k = 2", "k = 5", "k = 10"]
    assert (gda[0].y[0], gda[0].y[-1]) == (1, 0.5)  # it ended at step 1 and stays there


def test_tables_that_were_passed_on_have_no_residuals(make_study, tmp_path_factory):
    study, tables = make_study(), tmp_path_factory.mktemp("tables") / "tables"
    overgan.export_study(study.folder, "tables", tables)
    content = report_content(overgan.load(tables))
    assert [plot.name for plot in content.plots] == ["mse", "converged"]
    assert content.findings == report_content(study).findings
    (study.group(10) / "residuals-0001.npz").unlink()
    with pytest.raises(overgan.OverganError, match=r"residuals-0001\.npz cannot be read"):
        report_content(study)


def test_a_scaled_or_unfinished_study_says_so(make_study):
    study = make_study(scale=0.1, unfinished={10})
    page = overgan.write_report(study.folder).read_text()
    assert "Not finished yet: k = 10." in page
    assert all("(at 0.1 of full scale)" in plot.title for plot in report_content(study).plots)
    assert {p.stem for p in (study.folder / "figures").iterdir()} == {"converged", "mse", "residuals"}


def test_a_study_without_runs_has_a_page_too(make_study):
    page = overgan.write_report(make_study(unfinished=set(WIDTHS)).folder).read_text()
    assert "No width has a finished run yet" in page


def test_a_study_whose_runs_all_diverged_has_a_page(make_study):
    study = make_study()
    for k in WIDTHS:
        path = study.group(k) / "runs.jsonl"
        path.write_text(path.read_text().replace('"diverged": false', '"diverged": true'))
    content = report_content(overgan.load(study.folder))
    optimum = [
        series for panel in content.plots[0].panels for series in panel.series if series.name == "global optimum"
    ]
    assert [series.x for series in optimum] == [WIDTHS, WIDTHS]
    overgan.write_report(study.folder)
