"""What a GAN's page says of odd numbers: equal, tiny, none, one of something."""

import json
import re

import pytest

import overgan
from overgan.report import report_content
from tests.report.test_report import WIDTHS, make_study as make_study


@pytest.mark.parametrize(
    ("distances", "moved", "sentences"),
    [
        (
            {2: 12.0, 4: 12.0, 8: 12.0},
            0.5,
            [
                "Mean test classifier Fréchet distance stays at 13 from k = 2 to k = 8.",
                "The last step, from k = 4 to k = 8, does not change it.",
                "The distance from initialization, relative to the initial norm, stays at 0.5 from k = 2 to k = 8 for "
                "the generator, and stays at 1 from k = 2 to k = 8 for the critic; lazy training keeps it small.",
            ],
        ),
        (
            {2: 2e-7 - 1, 4: 219.0, 8: 219.4},  # the best is the narrowest
            220.0,
            [
                "Mean test classifier Fréchet distance goes from 2 × 10⁻⁷ at k = 2 to 220 at k = 8.",
                "The last step, from k = 4 to k = 8, changes it by less than 1%.",
                "stays at 220 from k = 2 to k = 8 for the generator",
            ],
        ),
        (
            {2: -1.0, 4: -1.0, 8: 4.0},
            1e-6,
            [
                "Mean test classifier Fréchet distance goes from 0 at k = 2 to 5 at k = 8.",
                "The last step, from k = 4 to k = 8, takes it from 0 to 5.",
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
    found = report_content(study).findings
    for sentence in sentences:
        assert sum(sentence in one for one in found) == 1, found
    assert not any(" goes " in one or "The last step" in one for one in found) or sentences
    assert not re.search(r"nan|inf\b|\de[+-]?\d", " ".join(found))


def test_memorization_and_nnd_in_words_where_they_do_not_vary(make_study):
    study = make_study()
    for k in WIDTHS:
        path = study.group(k) / "evaluations.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        critic = {"seed": 0, "iteration": 20, "features": "critic", "nnd": 3.0, "nnd_memorized": 1.5e-7}
        rows = [row | {"nearer_train": 0.5, "c_t": -0.25} for row in rows] + [critic]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = report_content(study).findings
    assert any(one.startswith("50% of the generated images are nearer to the training images") for one in found)
    assert any("C_T stays at -0.25 from k = 2 to k = 8; far below 0 would mean copies." in one for one in found)
    assert "NND stays at 3 from k = 2 to k = 8; that of memorized training images is 1.5 × 10⁻⁷." in found


def test_one_of_something_is_no_plural(make_study):
    study = make_study(widths=[4])
    path = study.folder / "study.json"
    description = json.loads(path.read_text())
    description["spec"] |= {"seeds": [0], "train": {"iterations": 1, "evaluate_every": 1}}
    path.write_text(json.dumps(description))
    content = report_content(overgan.load(study.folder))
    assert content.subtitle == "mlp WGAN-GP on digits: 1 width, 1 seed each, 1 iteration."
    assert ("runs", "1 of 1 run finished") in content.table[0]
    for path in study.folder.glob("k*/evaluations.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row | {"iteration": 1}) + "\n" for row in rows if row["seed"] == 0))
    assert "0 of 1 run diverged." in report_content(overgan.load(study.folder)).findings
