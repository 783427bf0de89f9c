"""The claims of a trained GAN's study as a whole: what they are made of, and of studies that lack something."""

import json
import math
import re
import shlex

import numpy as np
import pytest
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.errors import OverganError
from overgan.report import report_content
from overgan.study.gan.claims import CLAIMS
from overgan.study.gan.claims._basis import seeds_would_tell
from tests.claiming import claim_of, write_claimed
from tests.racing import write_study

INF = math.inf
WIDTHS = (2, 4, 8, 16, 32)


def noisy(means=(8, 4, 2, 1, 1), seeds=5, spread=0.02):
    """Runs by width, whose values differ a little."""
    random = np.random.default_rng(0)
    return {k: (m * (1 + spread * random.standard_normal(seeds))).tolist() for k, m in zip(WIDTHS, means, strict=False)}


def measured(k, place):
    """All that the claims about images ask for."""
    return {
        "frechet_gap": 0.0,
        "frechet_gap_error": 0.01,
        "frechet_gap_draws": 10,
        **{f"frechet_inf_{side}": 1 + 1 / k + 0.01 * place for side in ("train", "test")},
        **{f"kernel_{side}": 0.1 + 0.1 / k + 0.001 * place for side in ("train", "test")},
        **{f"kernel_{side}_error": 0.0001 for side in ("train", "test")},
        "nearer_train": 0.5 + 0.01 * (place - 1),
        "c_t": -0.1,
    }


def nnd(k, place):
    return {"nnd": 1 / k + 0.01 * place, "nnd_memorized": 2.0}


STUDIES = {
    "everything": lambda folder: write_claimed(folder, noisy(), measured, critic=nnd),
    "distances alone": lambda folder: write_study(folder, noisy()),
    "two widths": lambda folder: write_study(folder, noisy(means=(2, 1))),
    "one width": lambda folder: write_claimed(folder, noisy(means=(2,)), measured, critic=nnd),
    "one seed": lambda folder: write_claimed(folder, noisy(seeds=1), measured, critic=nnd),
    "one seed of some": lambda folder: write_claimed(folder, noisy() | {4: [4.0]}, measured, critic=nnd),
    "some diverged": lambda folder: write_claimed(
        folder, noisy() | {2: [8.0, INF, 8.1], 4: [4.0, INF, INF]}, measured, critic=nnd
    ),
    "the narrowest diverged": lambda folder: write_claimed(folder, noisy() | {2: [INF] * 3}, measured, critic=nnd),
    "all diverged": lambda folder: write_study(folder, {2: [INF] * 3, 4: [INF] * 3}),
    "half is done": lambda folder: write_claimed(folder, noisy(), measured, critic=nnd, unfinished=(2, 4, 32)),
    "nothing is done": lambda folder: write_study(folder, noisy(), unfinished=WIDTHS),
    "no noise": lambda folder: write_study(folder, noisy(spread=0.0)),
    "all are 0": lambda folder: write_study(folder, noisy(means=(0, 0, 0, 0, 0))),
    "tiny and huge": lambda folder: write_study(folder, noisy(means=(1e100, 1, 1e-100, 1e-100, 1e-7))),
}


@pytest.mark.parametrize("name", STUDIES)
def test_a_claim_says_something_of_every_study(name, tmp_path):
    study = STUDIES[name](tmp_path / "study")
    claims = study.claims()
    assert [claim.name for claim in claims] == list(CLAIMS)
    plots = {plot.name for plot in report_content(study).plots} if name in ("everything", "half is done") else None
    for claim in claims:
        assert claim.statement.endswith(".")
        assert claim.because[-1] in ".)"
        assert bool(claim.needed) == (claim.verdict == "cannot tell"), claim
        assert claim.rests_on or not claim.numbers
        said = " ".join([claim.because, claim.needed, claim.rests_on, *(number.what for number in claim.numbers)])
        assert not re.search(r"\bnan\b|\binf\b|\de[+-]?\d|–", said), said
        for number in claim.numbers:
            assert math.isfinite(number.value)
            assert math.isnan(number.low) == math.isnan(number.high)
            assert math.isnan(number.low) or number.low <= number.value <= number.high, number
        if claim.verdict != "cannot tell":
            assert claim.numbers
        if plots is not None:
            assert set(claim.figures) <= plots or not claim.numbers, claim.name


def test_the_more_is_known_the_fewer_claims_are_open(tmp_path):
    study = STUDIES["everything"](tmp_path / "study")
    for name in ("quality", "saturation", "generalization", "memorization"):
        assert claim_of(study, name).verdict == "supports", name


def test_a_study_that_lacks_something_says_what(tmp_path):
    study = STUDIES["half is done"](tmp_path / "half")
    assert "2 of 5 widths" in claim_of(study, "quality").rests_on
    study = STUDIES["nothing is done"](tmp_path / "nothing")
    waiting = "The runs of k = 2, 4, 8, 16 and 32 that are not finished yet may tell."
    assert claim_of(study, "quality").needed == waiting
    study = write_study(tmp_path / "one width", {32: [4.0, 4.1]}, unfinished=[32])
    for name in ("quality", "saturation", "generalization", "memorization"):
        assert claim_of(study, name).needed.startswith("It takes two widths at least, with two seeds each"), name
    study = STUDIES["distances alone"](tmp_path / "alone")
    assert "--metrics frechet_gap" in claim_of(study, "generalization").needed
    assert "--metrics memorization,nnd" in claim_of(study, "memorization").needed


def test_intervals_have_the_confidence_that_is_asked_for(tmp_path):
    study = STUDIES["distances alone"](tmp_path / "study")
    narrow, wide = (claim_of(study, "quality", confidence).numbers[0] for confidence in (0.5, 0.99))
    assert (narrow.confidence, wide.confidence) == (0.5, 0.99)
    assert narrow.value == wide.value
    assert wide.low < narrow.low < narrow.high < wide.high
    assert "(50% interval: " in claim_of(study, "quality", 0.5).because
    with pytest.raises(OverganError, match=r"must be above 0, and at most 0\.999"):
        study.claims(1.0)


def test_some_widths_of_a_study_have_claims_of_their_own(tmp_path):
    study = STUDIES["distances alone"](tmp_path / "study").narrowed([8, 16])
    assert claim_of(study, "quality").numbers[0].what.endswith("from k = 8 to k = 16, the best wider one, in %")


def ran(*words):
    return CliRunner().invoke(app, ["claims", *map(str, words)], catch_exceptions=False)


def test_the_command_prints_all_claims_in_80_columns(tmp_path):
    study = STUDIES["everything"](tmp_path / "study")
    output = ran(study.folder).output
    assert max(map(len, output.splitlines())) <= 80 or str(tmp_path) in output
    words = " ".join(output.split())
    assert words.startswith("supports quality, saturation, generalization, memorization")
    for claim in study.claims():
        assert f"{claim.verdict} {claim.statement} ({claim.name})" in words
        assert claim.because in words
        assert all(number.what in words for number in claim.numbers)
        assert f"({claim.rests_on})" in words or not claim.rests_on
    assert "shown: 2 of 5 widths: k = 2, 8" in ran(study.folder, "--widths", "2,8").output


def test_the_command_prints_json_without_numbers_that_are_none(tmp_path):
    study = STUDIES["everything"](tmp_path / "study")
    claims = json.loads(ran(study.folder, "--json", "--confidence", 0.9).output)["claims"]
    assert [claim["name"] for claim in claims] == list(CLAIMS)
    assert claims[0]["numbers"][0]["confidence"] == 0.9
    (law, *_) = (number for number in claims[1]["numbers"] if "leave-one" in number["what"])
    assert law["low"] is None


def test_the_command_refuses_a_confidence_that_is_none(tmp_path):
    study = STUDIES["two widths"](tmp_path / "study")
    with pytest.raises(OverganError, match=r"confidence is 2\.0; it must be above 0"):
        ran(study.folder, "--confidence", 2)


def test_claims_are_the_same_whoever_asks(tmp_path):
    study = STUDIES["everything"](tmp_path / "study")
    assert report_content(study).claims == study.claims() == overgan.load(study.folder).claims()


def test_commands_take_the_name_of_any_folder(tmp_path):
    study = write_study(tmp_path / "a b'c", noisy())
    commands = [found for claim in study.claims() for found in re.findall(r"`(overgan evaluate[^`]*)`", claim.needed)]
    assert len(commands) == 4  # generalization, memorization, tangent, game
    for command in commands:
        words = shlex.split(command)
        assert words[2:4] == ["--study", str(study.folder)]


@pytest.mark.parametrize("value", [math.nan, None])
def test_distances_that_are_no_numbers_are_no_divergence(tmp_path, value):
    study = write_claimed(tmp_path / "a", noisy(), lambda *_: {"frechet_train": value, "frechet_test": value})
    found = {claim.name: claim for claim in study.claims()}
    assert {found[name].verdict for name in ("quality", "saturation", "convergence", "stability")} == {"cannot tell"}
    for name in ("convergence", "stability"):
        assert found[name].because == "No run has a distance from held-out images that is a number."
    with pytest.raises(OverganError, match="no run has a distance from held-out images that is a number"):
        study.recommend()


def test_of_distances_that_are_0_it_is_not_more_runs_that_would_tell(tmp_path):
    study = write_study(tmp_path / "a", {k: [0.0] * 3 for k in WIDTHS})
    found = {claim.name: claim for claim in study.claims()}
    for name in ("quality", "saturation", "generalization"):
        assert found[name].needed == "It takes distances from training and held-out images that are told from 0."


@pytest.mark.parametrize(("seeds", "said"), [(0.4, 4), (3.2, 4), (9.1, 10), (123.4, 120)])
def test_more_seeds_are_advised_than_there_are(tmp_path, seeds, said):
    of = noisy(seeds=3)
    study = write_study(tmp_path / "a", of | {2: of[2] * 10, 4: [*of[4], *of[4]]})
    would_tell = f"At their spread about {said} seeds a width would tell: there are"
    assert seeds_would_tell(study, seeds, (8, 16)) == f"{would_tell} 3."
    if seeds > 6:
        assert seeds_would_tell(study, seeds, (4, 8)) == f"{would_tell} 3 to 6."


def test_runs_that_come_to_a_distance_at_once_are_to_be_evaluated_earlier(tmp_path):
    study = write_study(tmp_path / "a", {k: [1.0, 1.01, 1.02] for k in WIDTHS})
    (claim,) = (claim for claim in study.claims() if claim.name == "convergence")
    assert claim.needed.startswith("Earlier evaluations, by a smaller train.evaluate_every")
