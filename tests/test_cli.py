"""The `overgan` command as users call it."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.cli._terminal import console, duration, pace, print_json, print_table
from overgan.errors import OverganError
from overgan.study import KINDS, GroupStatus, load_spec, preset_names, study_seconds
from tests.study.test_runner import HERE

COMMANDS = [command.callback.__name__ for command in app.registered_commands]


@pytest.fixture(scope="module")
def study(small_study):
    return small_study / "study"


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_run_ends_with_the_report_and_the_recommended_width(study):
    *_, report, headline, odds = (study.parent / "output").read_text().strip().splitlines()
    assert report == "report: FOLDER/study/report.html"
    assert (study / "report.html").exists()
    expected = overgan.load(study).recommend().width
    assert headline.startswith("No recommendation yet; it takes at least three seeds, such as seeds=[0,1,2]: ")
    assert f"Of what there is, k = {expected}: mean test pixels" in headline
    assert odds.startswith(f"By these runs k = {expected} is the right width with a probability ")


@pytest.mark.slow
def test_status(study):
    output = call("status", study)
    assert "60 of 60" in output
    assert "6 of 6 runs finished, 0 diverged" in output
    assert "time left" not in output
    assert re.search(r"^on disk: \d+(\.\d)? [kM]B$", output, re.MULTILINE)


@pytest.mark.slow
def test_report_is_rebuilt_the_same(study, undrawn):
    page = study / "report.html"

    def told():
        return re.sub(r"--study \S+", "--study DIR", page.read_text())  # it was copied to here

    before = told()
    page.unlink()
    assert call("report", study).strip() == f"report: {page}"
    assert told() == before


@pytest.mark.slow
def test_recommend_says_why_and_what_it_costs(study):
    output = call("recommend", study, "--tolerance", "1000")
    assert "shown" not in output
    assert "Of what there is, k = 2: " in output
    assert "generator and" in output


def test_recommend_reads_a_table_of_anybodys_numbers(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("k,seed,value\n" + "".join(f"{k},{s},{10 / k + s / 100}\n" for k in (2, 4, 8) for s in range(3)))
    assert "Recommended: k = 8 (90% interval: 8 alone)" in call("recommend", path, "--confidence", "0.9")


@pytest.mark.slow
def test_sample_writes_png_files(study, tmp_path):
    output = call("sample", study, "--width", 8, "--seed", 1, "-n", 3, "--out", tmp_path / "images")
    assert output.splitlines() == [f"images: {tmp_path / 'images'}", f"grid: {tmp_path / 'images'}-grid.png"]
    files = sorted((tmp_path / "images").iterdir())
    expected = overgan.load(study).sample(8, seed=1, n=3)
    assert np.array_equal([np.asarray(Image.open(f))[..., None] for f in files], expected)


@pytest.mark.slow
def test_sample_says_which_width_is_recommended_and_why(study, tmp_path):
    expected = overgan.load(study).recommend()
    width, images, _ = call("sample", study, "-n", 2, "--latents-seed", 3, "--scale-up", 8).splitlines()
    assert width == str(expected)
    assert images == f"images: {study}/k{expected.width:04d}/images-seed-0-latents-3-x8"
    assert sorted(p.name for p in Path(images.removeprefix("images: ")).iterdir()) == ["00000.png", "00001.png"]


@pytest.mark.slow
def test_report_and_recommend_of_some_widths_alone(study, undrawn):
    assert call("report", study, "--widths", "4,2").strip() == f"report: {study}/report-k2-k4.html"
    shown, width, _odds, cost = call("recommend", study, "--widths", "2,4").splitlines()
    assert shown == "shown: 2 of 3 widths: k = 2, 4"
    assert width == str(overgan.load(study).narrowed([2, 4]).recommend())
    assert cost.startswith("cost: ")
    for widths, message in (
        ("2,3", f"widths: {study} has no k = 3; it has 2, 4, 8"),
        ("2;4", "--widths 2;4: write widths with commas between them, such as 8,16,64"),
    ):
        for command in ("report", "recommend"):
            with pytest.raises(OverganError, match=re.escape(message)):
                call(command, study, "--widths", widths)


def test_a_table_is_not_narrowed(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("k,seed,value\n2,0,1.0\n")
    with pytest.raises(OverganError, match="--widths is for a study's folder"):
        call("recommend", path, "--widths", "2")


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
    widest = {"iteration": 83.0 / spec.train.iterations}
    monkeypatch.setattr(
        "overgan.study.gan._cost.paces", lambda given, _threads: {width: {} for width in given.widths} | {256: widest}
    )
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


NO_IMAGES = "data.root: nowhere has no file train"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "quickstrat"], "overgan: no preset quickstrat; did you mean quickstart?"),
        (["run", "quickstart", "--set", "train.lr=1"], "unknown key train.lr"),
        (["run", "quickstart", "--set", "widths=[0]"], "widths.0: "),
        (["run", "mlp-mnist", "--set", "data.root=nowhere", "--out", "never"], NO_IMAGES),
        (["status", "nowhere"], "nowhere/study.json is missing"),
        (["report", "nowhere"], "nowhere/study.json is missing"),
        (["sample", "nowhere", "--width", "4"], "nowhere/study.json is missing"),
        (["status", __file__], f"{__file__} is a file; name the folder of a study"),
        (["report", __file__], f"{__file__} is a file; name the folder of a study"),
        (["recommend", __file__], f"{__file__} cannot be read as CSV ("),
        (["recommend", __file__, "--tolerance", "inf"], "--tolerance is inf; it must be at least 0, and finite"),
        (["recommend", __file__, "--tolerance", "nan"], "--tolerance is nan; it must be at least 0, and finite"),
        (["recommend", __file__, "--tolerance", "-0.5"], "--tolerance is -0.5; it must be at least 0, and finite"),
        (["recommend", __file__, "--budget", "1h"], "--budget is for a study's folder; a table says nothing of time"),
        (["recommend", "nowhere", "--pace", "3x"], "--pace is of --budget, the time of one training; give that, too"),
        (["run", "quickstart", "--scale", "inf"], "--scale is inf; it must be from above 0"),
        (["run", "quickstart", "--scale", "nan"], "--scale is nan; it must be from above 0"),
        (["run", "quickstart", "--set", "scale=0.5"], "--set scale=0.5: the key scale says what was done"),
        (["certify", "--k", "1000000000000"], "--k is 1000000000000, which needs at least 480,000 GB of memory"),
        (["certify", "--n", "1000000000000"], "--n is 1000000000000, which needs at least 240,000 GB of memory"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["overgan", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = capfd.readouterr()
    assert (out == "") == (message != NO_IMAGES)  # what is about to be done comes before its images are read
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["run", "quickstart"], ["sample", "nowhere"]])
def test_an_empty_name_of_a_folder_is_not_the_current_one(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*words, "--out", ""])
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].endswith("'--out': it is empty; name a folder, or . for the current one")
    assert list(tmp_path.iterdir()) == []


HELP = ["--help", "run --help", "evaluate --help"]
WITHOUT_TORCH = [
    "presets",
    "show quickstart",
    "run shallow-gaussian --scale 0.002 --set widths=[4,8] --out another --workers 1",
    "status study",
    "recommend study --tolerance 1000",
    "report study",
    "certify --n 20 --d 2 --m 1 --k 50",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("commands", "heavy"),
    [(HELP, ["torch", "numba", "pandas", "scipy", "sklearn", "matplotlib"]), (WITHOUT_TORCH, ["torch"])],
    ids=["help", "torch"],
)
def test_without_importing_what_takes_seconds(commands, heavy, shallow_study):
    code = (
        "import sys; from overgan.cli import main\n"
        "for command in sys.argv[1:]:\n"
        "    sys.argv = ['overgan', *command.split()]\n"
        "    try: main()\n"
        "    except SystemExit as end: assert end.code != 2, command\n"
        f"    imported = sys.modules.keys() & {heavy}\n"
        "    assert not imported, (command, imported)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *commands], capture_output=True, text=True, cwd=shallow_study, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout


@pytest.mark.slow
def test_training_begins_without_what_takes_seconds_to_import(small_spec, tmp_path):
    """PyTorch imports its compiler to compute on `meta`, and torchvision does; here no feature network is trained."""
    code = (
        "import sys, overgan\n"
        "overgan.run(*sys.argv[1:3], sys.argv[3:], executor='tests.extension.executor:InProcess', threads=1)\n"
        "imported = sys.modules.keys() & {'torch._dynamo', 'torchvision'}\n"
        "assert not imported, imported"
    )
    changes = ["widths=[2]", "train.iterations=20"]
    command = [sys.executable, "-c", code, str(small_spec), str(tmp_path / "study"), *changes]
    result = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "study" / "k0002").is_dir()


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
    overgan.run(spec, folder / "study", **HERE)
    return folder


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("run quick", "quickstart"),
        ("show two", "two-moons"),
        ("evaluate --metrics kernel,memo", "kernel,memorization"),
        ("evaluate --features pixels,ran", "pixels,random"),
        ("run quickstart --device cu", "cuda"),
        ("rec", "recommend"),
    ],
)
def test_the_shell_completes_names_without_waiting_for_torch(typed, offered):
    code = (
        "import sys; from overgan.cli import main; sys.argv = ['overgan']\n"
        "try: main()\n"
        "finally: assert not sys.modules.keys() & {'torch', 'pandas', 'omegaconf', 'pydantic'}"
    )
    words = f"overgan {typed}"
    asked = {"_OVERGAN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | asked
    )
    assert result.stdout.split() == [offered], result.stderr


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_that_of_the_package(option):
    assert call(option) == f"overgan {version('overgan')}\n"
    assert overgan.__version__ == version("overgan")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_short_help(command):
    assert call(*command.split(), "-h") == call(*command.split(), "--help")


def test_speeds_have_one_unit_and_a_dash_before_they_are_known():
    group = GroupStatus(8, "iteration", 300, 1000, 24.0, "", 0, complete=False)
    assert pace(group) == "12.5 iterations/s"
    assert pace(replace(group, seconds=2400.0)) == "0.125 iterations/s"
    assert pace(replace(group, done=0, seconds=0.0)) == "–"


STATES = {
    "all of one quantity": lambda i: ("test classifier Fréchet distance", 10.0 ** (3 * i - 9)),
    "a word longer than the screen": lambda i: ("test my_package.my_module:my_features" * 3, 1.5),
    "of several": lambda i: (f"method [{i}]: converged", 3.0),
    "none": lambda i: ("", None),
}


@pytest.mark.parametrize("of", STATES.values(), ids=STATES)
def test_status_fits_80_columns(of, monkeypatch):
    groups = []
    for i in range(6):
        quantity, value = of(i)
        result = f"{quantity} {value:.3g}" if value else ""
        groups.append(
            GroupStatus(2**22, "iteration", 10**7 - i, 10**7, 10.0**i, result, 10**5, i == 0, quantity, value)
        )
    spec = load_spec("quickstart").model_copy(update={"seeds": range(10**5)})
    description = SimpleNamespace(spec=spec, machine={"workers": 1})
    monkeypatch.setattr(overgan.study, "read_status", lambda *_: (description, groups))
    monkeypatch.setattr(console, "width", 80)
    lines = call("status", "runs/large").splitlines()
    assert max(map(len, lines)) <= 80
    table = " ".join(" ".join(lines).split())
    assert all(part in table for part in ("9,999,995 of 10,000,000", "begun", "finished", "100000"))
    assert "…" not in table
    if of is STATES["of several"]:
        assert "[1]:" in table
    if of is STATES["all of one quantity"]:
        assert "10⁻⁹" in table
        assert table.count("Fréchet") == 1


@pytest.mark.slow
def test_status_as_json_is_what_the_study_says(study):
    found = json.loads(call("status", study, "--json"))
    groups = found.pop("groups")
    assert found == {
        "name": "small",
        "kind": "gan",
        "runs": 6,
        "finished": 6,
        "diverged": 0,
        "seconds_left": 0,
        "jobs": [],
        "round": None,
        "bytes": sum(path.stat().st_size for path in study.rglob("*") if path.is_file()),
    }
    for group, k in zip(groups, (2, 4, 8), strict=True):
        seconds = group.pop("seconds")
        assert group.pop("per_second") == pytest.approx(60 / seconds)
        last = json.loads((study / f"k{k:04d}" / "progress.json").read_text())
        assert group == {
            "k": k,
            "unit": "iteration",
            "done": 60,
            "total": 60,
            "quantity": overgan.load(study).status()[0].quantity,
            "value": last["frechet_test"],
            "learning_rate": None,
            "diverged": 0,
            "state": "finished",
        }


@pytest.mark.slow
def test_recommend_as_json_has_the_recommendation_and_its_cost(study):
    found = json.loads(call("recommend", study, "--json", "--tolerance", "1000"))
    expected = overgan.load(study).recommend(1000)
    assert (found["width"], found["recommended"], found["reason"]) == (2, None, expected.reason)
    assert found["interval"] == list(expected.interval)
    assert found["cost"]["parameters"] == overgan.load(study).description.parameters[2]
    assert found["cost"]["seconds_per_run"] > 0


def test_recommend_as_json_for_a_table(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("k,seed,value\n" + "".join(f"{k},{s},{10 / k + s / 100}\n" for k in (2, 4, 8) for s in range(3)))
    found = json.loads(call("recommend", path, "--json", "--confidence", "0.9"))
    assert (found["width"], found["recommended"], found["confidence"], found["try_wider"]) == (8, 8, 0.9, True)
    assert found["value"] == pytest.approx(10 / 8 + 0.01)
    assert "cost" not in found


def test_presets_as_json(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing is measured here
    found = {row["preset"]: row for row in json.loads(call("presets", "--json"))}
    assert set(found) == set(preset_names())
    spec = load_spec("two-moons")
    assert found["two-moons"] == {
        "preset": "two-moons",
        "kind": "shallow",
        "figures": spec.figures,
        "widths": spec.widths,
        "seeds": spec.seeds,
        "runs_a_seed": 1,
        "run": KINDS["shallow"].length(spec),
        "seconds": None,
    }


def test_json_has_null_for_what_is_no_number(capsys):
    print_json({"nan": np.nan, "inf": [1.5, -np.inf], 8: ("a", True, None)})
    assert json.loads(capsys.readouterr().out) == {"nan": None, "inf": [1.5, None], "8": ["a", True, None]}


def test_durations_have_two_units():
    assert [duration(s) for s in (0, 59.7, 61, 3600, 90_000, 400 * 86400)] == [
        "0 s",
        "1 min 0 s",
        "1 min 1 s",
        "1 h 0 min",
        "1 day 1 h",
        "1 year 35 days",
    ]


def test_brackets_and_colons_are_printed_as_they_are(capsys):
    console.print("report: runs/[test]/a:dog:b[/x]")
    print_table(["k[a]"], [["[/b] :dog:"]])
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("report: runs/[test]/a:dog:b[/x]\n", "k[a]", "[/b] :dog:"))


@pytest.mark.parametrize("width", [43, 44, 60, 80])
def test_a_table_breaks_no_word_where_its_words_fit(width, monkeypatch, capsys):
    """The longest words take 16, 7 and 10 places, and the box 10."""
    monkeypatch.setattr(console, "_width", width)
    rows = [["preset-of-a-name", "1, 4a, 5a, 6a, 10", "300,000 iterations"], ["short", "", "4,000 steps × 3 GANs"]]
    print_table(["preset", "figures", "a run"], rows, unbroken=1)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    words = sorted(" ".join(["preset figures a run", *(" ".join(row) for row in rows)]).split())
    assert sorted(word for word in printed.split() if "─" not in word) == words


def test_a_table_that_is_too_narrow_for_its_words_loses_nothing(monkeypatch, capsys):
    monkeypatch.setattr(console, "_width", 20)
    print_table(["figures", "a run"], [["1, 4a, 5a", "iterations iterations"]])
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 20
    assert printed.count("i") == 1 + 4
