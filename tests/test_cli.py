"""The `overgan` command as users call it."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.cli._terminal import duration


@pytest.fixture(scope="module")
def study(small_study):
    return small_study / "study"


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_run_ends_with_the_report_and_the_recommended_width(study):
    *_, report, width = (study.parent / "output").read_text().strip().splitlines()
    assert report == "report: FOLDER/study/report.html"
    assert (study / "report.html").exists()
    expected = overgan.load(study).recommend().width
    assert width.startswith(f"recommended width: k = {expected} ")


@pytest.mark.slow
def test_status(study):
    output = call("status", study)
    assert "60 of 60" in output
    assert "6 of 6 runs finished, 0 diverged" in output
    assert "time left" not in output


@pytest.mark.slow
def test_report_is_rebuilt_the_same(study):
    page = study / "report.html"
    before = page.read_text()
    page.unlink()
    assert call("report", study).strip() == f"report: {page}"
    assert page.read_text() == before


@pytest.mark.slow
def test_recommend_says_why_and_what_it_costs(study):
    output = call("recommend", study, "--tolerance", "1000")
    assert "recommended width: k = 2 " in output
    assert "generator and" in output


@pytest.mark.slow
def test_sample_writes_png_files(study, tmp_path):
    output = call("sample", study, "--width", 8, "--seed", 1, "-n", 3, "--out", tmp_path / "images")
    assert output.strip() == f"images: {tmp_path / 'images'}"
    files = sorted((tmp_path / "images").iterdir())
    expected = overgan.load(study).sample(8, seed=1, n=3)
    assert np.array_equal([np.asarray(Image.open(f))[..., None] for f in files], expected)


def test_presets_lists_figures_and_cost(monkeypatch):
    monkeypatch.setattr("overgan.study.preset_names", lambda: ["quickstart"])
    output = call("presets")
    assert "quickstart" in output
    assert "about" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "quickstrat"], "overgan: no preset quickstrat; did you mean quickstart?"),
        (["run", "quickstart", "--set", "train.lr=1"], "unknown key train.lr"),
        (["run", "quickstart", "--set", "widths=[0]"], "widths.0: "),
        (["run", "mlp-mnist", "--set", "data.root=nowhere", "--out", "never"], "data.root: nowhere has no file train"),
        (["status", "nowhere"], "nowhere/study.json is missing"),
        (["report", "nowhere"], "nowhere/study.json is missing"),
        (["sample", "nowhere", "--width", "4"], "nowhere/study.json is missing"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["overgan", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_the_installed_command_answers_without_importing_torch():
    code = (
        "import sys; from overgan import cli; assert 'torch' not in sys.modules\n"
        "sys.argv = ['overgan', '--help']; cli.main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0
    assert "recommend" in result.stdout


def test_durations_have_two_units():
    assert [duration(s) for s in (0, 59.7, 61, 3600, 90_000, 400 * 86400)] == [
        "0 s",
        "1 min 0 s",
        "1 min 1 s",
        "1 h 0 min",
        "1 days 1 h",
        "1 years 35 days",
    ]
