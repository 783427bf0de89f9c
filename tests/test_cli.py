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
from overgan.study import load_spec, study_seconds


@pytest.fixture(scope="module")
def study(small_study):
    return small_study / "study"


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_run_ends_with_the_report_and_the_recommended_width(study):
    *_, report, headline = (study.parent / "output").read_text().strip().splitlines()
    assert report == "report: FOLDER/study/report.html"
    assert (study / "report.html").exists()
    expected = overgan.load(study).recommend().width
    assert headline.startswith("No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: ")
    assert f"Of what there is, k = {expected}: mean test pixels" in headline


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
    assert "Of what there is, k = 2: " in output
    assert "generator and" in output


def test_recommend_reads_a_table_of_anybodys_numbers(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("k,seed,value\n" + "".join(f"{k},{s},{10 / k + s / 100}\n" for k in (2, 4, 8) for s in range(3)))
    assert "Recommended: k = 8 (90 % interval: 8 to 8)" in call("recommend", path, "--confidence", "0.9")


@pytest.mark.slow
def test_sample_writes_png_files(study, tmp_path):
    output = call("sample", study, "--width", 8, "--seed", 1, "-n", 3, "--out", tmp_path / "images")
    assert output.strip() == f"images: {tmp_path / 'images'}"
    files = sorted((tmp_path / "images").iterdir())
    expected = overgan.load(study).sample(8, seed=1, n=3)
    assert np.array_equal([np.asarray(Image.open(f))[..., None] for f in files], expected)


def test_presets_answers_from_what_was_measured(monkeypatch, tmp_path):
    monkeypatch.setattr("overgan.study.preset_names", lambda: ["two-moons", "quickstart"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with monkeypatch.context() as patch:  # nothing is measured unless that is asked for
        patch.setattr("overgan.study.theory._shallow.simulate", None)
        output = call("presets")
    assert "quickstart" in output
    assert "about" not in output
    assert "presets --time" in output
    spec = load_spec("quickstart")
    monkeypatch.setattr("overgan.study.gan._cost.seconds", lambda given: 83.0 if given == spec else None)
    study_seconds(spec, measure=True)
    output = call("presets")
    assert "about 1 min 23 s" in " ".join(output.replace("\n", " ").split())
    assert "presets --time" in output  # two-moons is not known yet


@pytest.mark.slow
def test_the_times_of_presets_are_measured_when_that_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr("overgan.study.preset_names", lambda: ["quickstart"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "about" in call("presets", "--time")
    assert study_seconds(load_spec("quickstart")) > 0
    assert study_seconds(load_spec("quickstart", ["train.batch=31"])) is None


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


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "run --help",
        "evaluate --help",
        "presets",
        "show quickstart",
        pytest.param("run shallow-gaussian --scale 0.002 --set widths=[4,8] --out another --workers 1", marks=SLOW),
        pytest.param("status study", marks=SLOW),
        pytest.param("recommend study --tolerance 1000", marks=SLOW),
        pytest.param("report study", marks=SLOW),
        pytest.param("certify --n 20 --d 2 --m 1 --k 50", marks=SLOW),
    ],
)
def test_without_importing_torch(arguments, shallow_study):
    heavy = ["torch", "numba", "pandas", "scipy", "sklearn", "matplotlib"] if "help" in arguments else ["torch"]
    code = (
        "import sys; from overgan.cli import main; sys.argv = ['overgan', *sys.argv[1:]]\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        f"imported = sys.modules.keys() & {heavy}\n"
        "assert not imported, imported\n"
        "sys.exit(code if code == 2 else 0)"
    )
    command = [sys.executable, "-c", code, *arguments.split()]
    result = subprocess.run(command, capture_output=True, text=True, cwd=shallow_study, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout


@pytest.fixture(scope="module")
def shallow_study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shallow")
    spec = {
        "kind": "shallow",
        "name": "s",
        "problem": {"n": 10, "d": 2, "m": 1},
        "methods": {"GDA": {"method": "gda"}},
        "steps": 5,
        "tol": 0.99,
        "widths": [20],
    }
    overgan.run(spec, folder / "study", workers=1)
    return folder


def test_durations_have_two_units():
    assert [duration(s) for s in (0, 59.7, 61, 3600, 90_000, 400 * 86400)] == [
        "0 s",
        "1 min 0 s",
        "1 min 1 s",
        "1 h 0 min",
        "1 day 1 h",
        "1 year 35 days",
    ]
