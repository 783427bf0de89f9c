"""Only distances in Inception's features are called FID and KID, in whatever a reader sees."""

import json
import re

import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.metrics import METRICS
from overgan.report import report_content
from overgan.report._plot import to_html
from tests.conftest import without_checksums
from tests.report.test_report import make_study as make_study

SHORT = re.compile("(?<![a-z])[fk]id(?![a-z])", re.IGNORECASE)  # not of confidence, nor of torch-fidelity
MEASURED = ["frechet_gap", "frechet_infinity", "frechet_population", "kernel", "prdc", "memorization"]


def with_every_metric(study):
    """The study with a number of each metric in every row of its last iteration."""
    keys = [key for name in MEASURED for column in METRICS[name].columns for key in column.keys.values()]
    numbers = dict.fromkeys(keys, 0.5) | {"frechet_gap_error": 1.0, "frechet_gap_draws": 10}
    for path in study.folder.glob("k*/evaluations.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row | (numbers if row["iteration"] == 20 else {})) + "\n" for row in rows))
    return study


def read(study, monkeypatch):
    """All that is said of a study: its page, what the commands print, the figures and the columns of the frame.

    The figures are not drawn: their words and the names of their files are there without that.
    """
    monkeypatch.setattr("overgan.report._files.to_images", lambda _plot: {"png": b"", "svg": b""})
    page = overgan.write_report(study.folder).read_text()
    page = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)  # those of every page
    page = page.replace(str(study.folder), "")  # which is named after the test
    page = re.sub(r"<h3>.*?</h3>", "", page)  # the paper's statements, which are of FID
    page = re.sub(r"base64,[\w+/=]+|sha256-[\w+/=]+", "", page)
    printed = [CliRunner().invoke(app, [command, str(study.folder)]) for command in ("status", "recommend")]
    assert all(done.exit_code == 0 for done in printed), printed
    figures = [path.name for path in (study.folder / "figures").iterdir()]
    plots = [to_html(plot) + plot.title + plot.y_label for plot in report_content(study).plots]
    return "\n".join([page, *(done.output for done in printed), *figures, *plots, *study.frame().columns])


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["equal", "all"])
def test_nothing_is_called_fid_or_kid_in_other_features(make_study, reference, monkeypatch):
    study = with_every_metric(make_study())
    path = without_checksums(study.folder) / "study.json"
    path.write_text(path.read_text().replace('"reference": "equal"', f'"reference": "{reference}"'))
    text = read(overgan.load(study.folder), monkeypatch)
    assert [text[max(0, found.start() - 40) : found.end() + 40] for found in SHORT.finditer(text)] == []
    for name in ("classifier Fréchet distance, test", "pixels kernel distance, train", "frechet-classifier.png"):
        assert name in text


@pytest.mark.slow
def test_inceptions_distances_are_called_fid_and_kid(make_study, monkeypatch):
    study = with_every_metric(make_study(features=("inception",)))
    text = read(study, monkeypatch)
    for name in ("FID, train", "FID, test", "FID, test − train", "KID, test", "FID∞, test", "population FID, test"):
        assert f"<th>{name}</th>" in text
    assert "mean test FID 14.5" in text
    assert "Test FID differs from train" in text
    assert "Fréchet distance" not in text
    assert "frechet-inception.png" in text
