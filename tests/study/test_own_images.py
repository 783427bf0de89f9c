"""A study on a folder of the user's own images says how they were read."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import overgan
from overgan.cli import _terminal, app
from overgan.data import _cache
from overgan.errors import OverganError
from tests.conftest import SMALL, without_checksums

pytestmark = pytest.mark.slow

NOTES = [
    "trained on: train (6 images); held out: val (6 images); not used: test (6 images)",
    "cropped to the middle square and resized to 8 × 8 pixels, with antialiasing",
    "converted to grey",
    "put on white, for they have an alpha channel: 2 of 18 images",
]
SETTINGS = ["data={name: folder, size: 8, mode: grey}", "train.iterations=2", "evaluate.samples=4", "widths=[2,4]"]
HERE = {"executor": "tests.extension.executor:InProcess"}


@pytest.fixture
def spec(tmp_path):
    random = np.random.default_rng(0)
    for part in ("train", "val", "test"):
        (tmp_path / "faces" / part).mkdir(parents=True)
        for i in range(6):
            shape = (12 + i, 10, 4 if i == 0 and part != "test" else 3)
            Image.fromarray(random.integers(256, size=shape, dtype=np.uint8)).save(
                tmp_path / "faces" / part / f"{i}.png"
            )
    (tmp_path / "small.yaml").write_text(SMALL.replace("name: digits", "name: folder, root: faces"))
    return tmp_path / "small.yaml"


def test_what_was_done_to_the_images_is_said_once_and_in_the_report(spec, tmp_path, caplog):
    study = overgan.run(spec, tmp_path / "study", SETTINGS, **HERE)
    assert [line for line in caplog.messages if "faces" in line] == [f"overgan: faces: {note}" for note in NOTES]
    assert study.description.data["shape"] == [8, 8, 1]
    assert (
        f"How the images were read: {'; '.join(NOTES)}."
        in overgan.write_report(study.folder, figures=False).read_text()
    )


def test_a_study_of_before_goes_on(spec, tmp_path):
    folder = tmp_path / "study"
    overgan.run(spec, folder, [*SETTINGS, "widths=[2]"], **HERE)
    without_checksums(folder)
    description = json.loads((folder / "study.json").read_text())
    del description["data"]["notes"]
    description["spec"]["data"]["root"] = "faces"
    (folder / "study.json").write_text(json.dumps(description))
    assert "How the images were read" not in overgan.write_report(folder, figures=False).read_text()
    study = overgan.run(spec, folder, SETTINGS, **HERE)
    assert all(group.complete for group in study.status())


def test_a_line_says_that_images_are_decoded_if_that_takes_longer_than_a_moment(spec, monkeypatch):
    def enough(*_, **__):
        raise OverganError("that is enough")  # which main would print

    monkeypatch.setattr("overgan.study._run.execute_until_done", enough)
    monkeypatch.setattr(_cache, "AT_ONCE", 4)
    monkeypatch.setattr(_terminal, "MOMENT", -1.0)
    command = ["run", str(spec), *(word for setting in SETTINGS for word in ("--set", setting))]
    command += ["--set", f"data.root={spec.parent}/faces", "--out", str(spec.parent / "study")]
    lines = [CliRunner().invoke(app, command).stderr.splitlines() for _ in range(2)]
    assert [line for of in lines for line in of if line.startswith("reading")] == ["reading faces: 0 of 12"]
