"""What a GAN's page says of odd numbers: equal, tiny, none, one of something."""

import json
import re

import pandas as pd
import pytest

import overgan
from overgan.errors import OverganError
from overgan.report import report_content
from overgan.report._content import mean_and_deviation
from tests.conftest import without_checksums
from tests.report.test_report import WIDTHS, make_study as make_study


@pytest.mark.parametrize(
    ("distances", "moved", "sentences"),
    [
        (
            {2: 12.0, 4: 12.0, 8: 12.0},
            0.5,
            [
                "Mean test classifier Fréchet distance stays at 13 from k = 2 to k = 8.",
                "The distance from initialization at the end, relative to the initial norm, stays at 0.5 from k = 2 to "
                "k = 8 for the generator, as k^0, and stays at 1 from k = 2 to k = 8 for the critic, as k^0.",
            ],
        ),
        (
            {2: 2e-7 - 1, 4: 219.0, 8: 219.4},  # the best is the narrowest
            220.0,
            [
                "Mean test classifier Fréchet distance goes from 2 × 10⁻⁷ at k = 2 to 220 at k = 8.",
                "stays at 220 from k = 2 to k = 8 for the generator",
            ],
        ),
        (
            {2: -1.0, 4: -1.0, 8: 4.0},
            1e-6,
            [
                "Mean test classifier Fréchet distance goes from 0 at k = 2 to 5 at k = 8.",
            ],
        ),
        ({4: 12.0}, 0.5, []),  # one width goes nowhere
    ],
)
def test_odd_numbers_read_as_sentences(make_study, distances, moved, sentences):
    """distances: to training images, by width; those to held-out ones are greater by 1."""
    study = make_study(widths=list(distances))
    for k, distance in distances.items():
        row = {"seed": 0, "iteration": 20, "features": "classifier"}
        row |= {"frechet_train": distance, "frechet_test": distance + 1}
        (study.group(k) / "evaluations.jsonl").write_text(json.dumps(row) + "\n")
        log = {"seed": 0, "iteration": 20, "moved_generator": moved, "moved_critic": 2 * moved}
        (study.group(k) / "log.jsonl").write_text(json.dumps(log) + "\n")
    content = report_content(study)
    found = [*content.findings, *(claim.because for claim in content.claims if claim.name == "laziness")]
    for sentence in sentences:
        assert sum(sentence in one for one in found) == 1, found
    assert not any(" goes from " in one for one in found) or sentences
    assert not re.search(r"nan|inf\b|\de[+-]?\d", " ".join(found))


def test_one_of_something_is_no_plural(make_study):
    study = make_study(widths=[4])
    path = without_checksums(study.folder) / "study.json"
    description = json.loads(path.read_text())
    description["spec"] |= {"seeds": [0], "train": {"iterations": 1, "evaluate_every": 1}}
    path.write_text(json.dumps(description))
    index = study.group(4) / "checkpoint.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"seeds": [0]}))
    content = report_content(overgan.load(study.folder))
    assert content.subtitle == "mlp WGAN-GP on digits: 1 width, 1 seed each, 1 iteration."
    assert ("runs", "1 of 1 run finished") in content.table[0]
    for path in study.folder.glob("k*/evaluations.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row | {"iteration": 1}) + "\n" for row in rows if row["seed"] == 0))
    assert "0 of 1 run diverged." in report_content(overgan.load(study.folder)).findings


def test_a_loss_that_is_not_wgan_gp_is_named_and_its_margin_drawn(make_study):
    study = make_study(widths=[4])
    path = without_checksums(study.folder) / "study.json"
    description = json.loads(path.read_text())
    description["spec"]["train"] |= {"loss": "hinge", "critic_steps": 1}
    path.write_text(json.dumps(description))
    log = study.group(4) / "log.jsonl"
    log.write_text(log.read_text().replace('"wasserstein"', '"margin"'))
    content = report_content(overgan.load(study.folder))
    assert content.subtitle == "mlp GAN with the hinge loss on digits: 1 width, 3 seeds each, 20 iterations."
    plots = {plot.name: plot for plot in content.plots}
    assert "wasserstein" not in plots
    (curve,) = plots["margin"].panels[0].series
    assert (curve.x, list(curve.y)) == ([10, 20], [15, 25])  # 4 + 10 + the median seed


def test_runs_that_all_diverged_are_what_the_page_says(make_study):
    study = make_study(diverged={(k, seed) for k in WIDTHS for seed in (0, 1, 2)})
    why = "all runs diverged; a lower train.learning_rate, in another folder, may help"
    with pytest.raises(OverganError, match=why):
        study.recommend()
    assert report_content(study).findings == [
        f"No width can be recommended: {why}.",
        "9 of 9 runs diverged: 3 at k = 2, 3 at k = 4, 3 at k = 8; they are left out.",
    ]


def test_a_space_without_runs_is_named_beside_those_that_have_some(make_study):
    with pytest.raises(OverganError, match="no run is measured in random-0 features, but in classifier and pixels"):
        make_study().recommend(features="random-0")


@pytest.mark.parametrize("value", ["null", "NaN", "Infinity"])
def test_a_distance_that_is_no_number_counts_as_a_diverged_run(make_study, value):
    study = make_study()
    path = study.group(4) / "evaluations.jsonl"
    path.write_text(path.read_text().replace('"frechet_test": 26.0', f'"frechet_test": {value}'))
    assert study.recommend().diverged == {4: 1}
    assert report_content(study).findings[0] == f"{study.recommend()}."


def test_distances_in_a_space_that_evaluate_brought_are_in_the_table(make_study):
    study = make_study()
    row = {"seed": 0, "iteration": 20, "features": "random-0", "frechet_train": 3.0, "frechet_test": 4.0}
    (study.group(2) / "later.jsonl").write_text(json.dumps(row) + "\n")
    table = report_content(study).table
    assert [dict(cells)["random-0 Fréchet distance, test"] for cells in table] == ["4", "–", "–"]


def test_deviations_of_large_values_do_not_overflow():
    assert mean_and_deviation(pd.Series([1e205, 3e205])) == "2 × 10²⁰⁵ ± 1.4 × 10²⁰⁵"
    assert mean_and_deviation(pd.Series([0.0, 0.0])) == "0 ± 0"


def test_memorization_measured_at_one_width_is_not_said_of_all(make_study):
    study = make_study()
    row = {"seed": 0, "iteration": 20, "features": "classifier", "nearer_train": 0.5}
    (study.group(2) / "later.jsonl").write_text(json.dumps(row) + "\n")
    (claim,) = (claim for claim in report_content(study).claims if claim.name == "memorization")
    assert claim.because.startswith("At k = 2 50% of the generated images are nearer to the training images")
