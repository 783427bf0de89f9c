"""`overgan coordinates`: the coordinate check of anyone's spec, as users call it."""

import json
import re
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.errors import OverganError
from overgan.study import BOUND, Coordinates, load_spec
from overgan.training import Change

FAST = ["--set", "train.batch=4", "--widths", "2,4"]

OWN = """
from torch import nn

def build(width, shape):
    image = nn.Unflatten(1, (1, 8, 8))
    generator = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 64), nn.Tanh(), image)
    return generator, nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 1), nn.Flatten(0))
"""


def call(*arguments):
    result = CliRunner().invoke(app, ["coordinates", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def few_updates(monkeypatch):
    monkeypatch.setattr("overgan.training._coordinates.UPDATES", (1, 2))


def test_a_table_a_verdict_and_figures_of_a_rule(small_spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, *_, verdict, last = (output := call(small_spec, *FAST, "--rule", "mup")).splitlines()
    assert first.startswith("small: slopes in log k of how much a layer's outputs change; k = 2, 4, base 2; 2 seeds")
    assert (
        len(re.findall(r"^ +(generator|critic) +layers\.\d( +[+-]\d\.\d\d ± \d\.\d\d){2}", output, re.MULTILINE)) == 6
    )
    assert re.match("mup (holds|does not hold|is not decided): ", verdict)
    assert last == "figures: 2 files in runs/small-coordinates"
    figures = sorted((tmp_path / "runs/small-coordinates").iterdir())
    assert [path.name for path in figures] == ["mup-critic.png", "mup-generator.png"]
    for path in figures:
        with Image.open(path) as image:
            assert image.format == "PNG"


def test_json_says_the_same_of_all_rules(small_spec, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.report._coordinates.to_images", lambda _plot, _formats: {"png": b""})
    found = json.loads(call(small_spec, *FAST, "--set", "train.base_width=3", "--json", "--out", tmp_path))
    assert found["base_width"] == 3
    rules = ["constant", "inverse", "mup"]
    assert [of["rule"] for of in found["rules"]] == rules
    expected = overgan.coordinates(small_spec, ["train.batch=4", "train.base_width=3"], widths=[2, 4])
    for of in found["rules"]:
        assert [slope["slope"] for slope in of["slopes"]] == [slope.slope for slope in expected.slopes(of["rule"])]
        assert (of["holds"], of["verdict"]) == (expected.holds(of["rule"]), expected.verdict(of["rule"]))
    assert found["figures"] == [f"{tmp_path}/{rule}-{of}.png" for of in ("generator", "critic") for rule in rules]


def test_the_rules_of_the_spec_are_checked_at_its_middle_rate(small_spec):
    given = [
        "train.batch=4",
        "train.learning_rate_rule=inverse",
        "train.base_width=4",
        "train.learning_rates=[1e-3,2e-3,1e-2]",
    ]
    found = overgan.coordinates(small_spec, given, widths=[2, 4])
    assert found.spec.train.rules == ["inverse"]
    assert found.spec.train.rates == [2e-3]
    assert found.frame().columns.tolist() == ["rule", "k", "seed", "network", "layer", "updates", "rms"]


def test_real_images_are_dithered_if_those_of_the_spec_are(small_spec):
    small = {"rules": ["constant"], "widths": [2, 4]}
    plain, dithered = (
        overgan.coordinates(small_spec, ["train.batch=4", f"data.dither={dither}"], **small).changes
        for dither in ("false", "true")
    )
    assert plain != dithered


def test_layers_of_ones_own_model_are_checked_without_mup(small_spec, tmp_path, monkeypatch):
    (tmp_path / "own_nets.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    own = ["train.batch=4", "seeds=[0]", "model={name: 'own_nets:build', latent: 4}"]
    found = overgan.coordinates(small_spec, own, widths=[2, 4])
    assert found.spec.train.rules == ["constant", "inverse"]
    assert {(slope.network, slope.layer) for slope in found.slopes("inverse")} == {
        ("generator", "0"), ("generator", "2"), ("critic", "1"), ("critic", "3")
    }  # fmt: skip
    with pytest.raises(OverganError, match="mup is for mlp, dcgan and resnet"):
        overgan.coordinates(small_spec, own, rules=["mup"])
    with pytest.raises(OverganError, match="mup is for mlp, dcgan and resnet"):
        load_spec(small_spec, [*own, "train.learning_rate_rule=mup", "train.base_width=2"])


def made(*powers):
    """A check of one layer, whose seeds have these slopes."""
    spec = load_spec("quickstart", ["train.learning_rate_rule=mup", "train.base_width=2"])
    changes = [Change("mup", k, s, "critic", "last", 5, k**power) for k in (2, 4, 8) for s, power in enumerate(powers)]
    return Coordinates(spec, tuple(changes))


BEYOND = "1 of 1 slope beyond ±0.1, most of all the critic's last after 5 updates:"


@pytest.mark.parametrize(
    ("powers", "holds", "words"),
    [
        ((0.05, -0.04), True, f"mup holds: 1 slope, all within ±{BOUND}"),
        ((0.5, 0.52), False, f"mup does not hold: {BEYOND} +0.51 ± 0.01"),
        ((0.15, 0.25), None, f"mup is not decided: {BEYOND} +0.20 ± 0.05"),  # Student's of two seeds is ± 0.64
        ((0.15, 0.25, 0.2, 0.2), False, f"mup does not hold: {BEYOND} +0.20 ± 0.02"),
        ((0.3,), False, f"mup does not hold: {BEYOND} +0.30"),
        ((-0.6, 0.3), None, f"mup is not decided: {BEYOND} -0.15 ± 0.45"),
        ((float("nan"), 0.0), False, f"mup does not hold: {BEYOND} not finite"),
    ],
)
def test_the_verdict_weighs_slopes_against_their_errors(powers, holds, words):
    found = made(*powers)
    assert found.holds("mup") is holds
    assert found.verdict("mup").startswith(words)
    assert len(repr(found)) <= 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["quickstart", "--widths", "8"], "--widths is [8]; it must be at least two, for a slope"),
        (["quickstart", "--widths", "8,x"], "--widths 8,x: write widths with commas between them, such as 8,16,64"),
        (["quickstart", "--widths", "8,0"], "widths.1: "),
        (["quickstart", "--rule", "linear"], "--rule is linear; it must be one of constant, inverse, mup"),
        (["two-moons"], "two-moons is a study of the kind shallow, which has no learning-rate rule"),
        (["quickstart", "--set", "train.learning_rate_rule=mup"], "need train.base_width, the k at which they agree"),
        (["quickstart", "--set", "model.name=dcgan"], "dcgan makes square images of 16, 32, 64, 128 or 256 pixels"),
        (["quickstart", "--device", "gpu"], "--device is gpu; it must be auto, cpu, cuda or cuda:N"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(arguments, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["overgan", "coordinates", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line_after_what_was_measured(small_spec, tmp_path):
    (tmp_path / "file").write_text("")
    words = ["coordinates", small_spec, *FAST, "--rule", "constant", "--out", tmp_path / "file"]
    result = CliRunner().invoke(app, [*map(str, words)])
    assert isinstance(result.exception, OverganError)
    assert "file cannot be written" in str(result.exception)
    assert "slopes in log k" in result.output
