"""`overgan run PATH`: the quickstart on anybody's images, from files and from memory."""

import json
import sys

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.data import _survey
from overgan.data._files import open_files
from overgan.errors import OverganError
from overgan.metrics import canonical
from overgan.study import choices, load_spec
from tests.study.test_own_images import HERE

RANDOM = np.random.default_rng(0)
SHORT = [
    "widths=[2,4]",
    "seeds=[0]",
    "train.iterations=2",
    "train.evaluate_every=1",
    "train.batch=4",
    "evaluate.features=[pixels]",
    "evaluate.samples=4",
]


def write(folder, n, *sizes, classes=1, colours=()):
    for i in range(n):
        shape = (*sizes[i % len(sizes)], *colours)
        path = folder / (f"{i % classes}" if classes > 1 else "") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(256, size=shape, dtype=np.uint8)).save(path)
    return folder


@pytest.mark.parametrize(
    ("sizes", "model", "size"),
    [
        ([(8, 8)], "mlp", None),
        ([(12, 15)], "mlp", None),
        ([(12, 12), (15, 13)], "mlp", 12),
        ([(16, 16)], "dcgan", None),
        ([(16, 20)], "dcgan", 16),
        ([(28, 28)], "dcgan", 32),
        ([(32, 32)], "dcgan", None),
        ([(32, 32), (40, 32)], "dcgan", 32),
        ([(48, 48)], "dcgan", 32),
        ([(200, 300)], "dcgan", 32),
    ],
)
def test_the_model_is_chosen_by_the_size(sizes, model, size, tmp_path):
    spec = load_spec(write(tmp_path / "faces", 20, *sizes))
    assert (spec.model.name, spec.data.size) == (model, size)
    assert spec.data.root == str(tmp_path / "faces")
    assert len(spec.seeds) >= 3
    assert len(spec.widths) >= 4
    assert spec.train.iterations >= 3 * spec.train.evaluate_every


@pytest.mark.parametrize(("n", "classes", "features"), [(300, 2, "classifier"), (300, 1, "random"), (60, 2, "random")])
def test_features_are_the_classifiers_where_there_are_labels_enough(n, classes, features, tmp_path):
    assert load_spec(write(tmp_path, n, (4, 4), classes=classes)).evaluate.features == [canonical(features)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("faces", "faces"), ("my faces (2)", "my-faces-2"), ("v1.5", "v1.5"), ("顔", "顔"), ("...", "images")],
)
def test_the_study_has_the_name_of_the_folder(name, expected, tmp_path):
    assert load_spec(write(tmp_path / name, 20, (8, 8))).name == expected


def test_of_a_file_it_has_the_name_without_the_ending(tmp_path):
    np.save(tmp_path / "cells.npy", np.zeros((20, 8, 8), np.uint8))
    assert load_spec(tmp_path / "cells.npy").name == "cells"


def test_a_relative_path_is_absolute_in_the_spec_and_settings_change_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "faces", 20, (8, 8))
    spec = load_spec("faces/", ["seeds=[7]", "train.iterations=5"], scale=0.5)
    assert spec.data.root == str(tmp_path / "faces")
    assert (spec.seeds, spec.train.iterations, spec.scale) == ([7], 5, 0.5)


def test_a_presets_name_wins_over_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "quickstart", 20, (16, 16))
    assert load_spec("quickstart").data.name == "digits"
    assert load_spec("./quickstart").data.name == "folder"


def test_a_dataset_of_the_hub_is_no_path():
    spec = load_spec({**yaml.safe_load(QUICK), "data": {"name": "folder", "root": "hf:owner/name"}})
    assert spec.data.root == "hf:owner/name"


QUICK = """
name: quick
model: {name: mlp}
widths: [2]
train: {iterations: 1}
evaluate: {features: [pixels]}
"""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: write(folder, 19, (8, 8)), "has 19 images; at least 20"),
        (lambda folder: write(folder, 20, (8, 3)), "has images of 3 pixels; at least 4"),
        (lambda folder: folder.mkdir(), "no image in"),
        (lambda folder: write(folder / "train", 20, (8, 8)) and write(folder / "car", 1, (8, 8)), "lies beside train"),
        (lambda folder: folder.write_text("k,seed"), "faces holds no images; name a folder"),
        (lambda _: None, "no preset faces; known: .*images, .* must be there"),
        (lambda folder: (folder.mkdir(), (folder / "study.json").write_text("{}")), "is a study's folder"),
    ],
)
def test_what_is_no_set_of_images_is_one_line(make, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "faces")
    monkeypatch.setattr(sys, "argv", ["overgan", "run", "faces"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    with pytest.raises(OverganError, match=message):
        load_spec("faces")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_the_command_says_what_it_chose_and_goes_on_with_the_same_study(tmp_path, undrawn, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(overgan.study.EXECUTORS.entries, "local", HERE["executor"])
    write(tmp_path / "my faces", 300, (12, 12), (14, 13), classes=3, colours=(3,))
    arguments = ["run", "my faces", *(word for change in SHORT[:-2] for word in ("--set", change))]
    arguments += ["--set", "evaluate.samples=20", "--set", "evaluate.features=[random]"]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    output = " ".join(first.output.split())
    for said in (
        "my faces: 232 to train on and 68 held out",  # as the hash of their paths has it
        "note only 68 images on each side of a comparison, so small differences are chance",
        "12 to 13 × 12 to 14 pixels, colour, 3 classes",
        "chosen mlp, images of 12 × 12 pixels; widths 2, 4 with seeds 0; 2 iterations; random-0 features, "
        "of a network with random weights",
        "my-faces: mlp on my faces, ",
        "overgan show 'my faces' > mine.yaml",
    ):
        assert said in output
    study = overgan.load("runs/my-faces")
    rows = [(study.group(width) / "evaluations.jsonl").read_bytes() for width in (2, 4)]
    again = CliRunner().invoke(app, [*arguments, "--set", "widths=[2,4,8]"])
    assert again.exit_code == 0, again.output
    assert [(study.group(width) / "evaluations.jsonl").read_bytes() for width in (2, 4)] == rows
    assert overgan.load("runs/my-faces").spec.widths == [2, 4, 8]
    shown = CliRunner().invoke(app, ["show", *arguments[1:]])
    (tmp_path / "mine.yaml").write_text(shown.output)
    assert load_spec("mine.yaml") == study.spec


def test_images_are_surveyed_once_until_one_changes(tmp_path, monkeypatch):
    write(tmp_path / "set", 40, (8, 8))
    surveys = []
    monkeypatch.setattr(_survey, "open_files", lambda *given: surveys.append(1) or open_files(*given))
    choices(tmp_path / "set", load_spec(tmp_path / "set"))
    assert len(surveys) == 1
    write(tmp_path / "set", 41, (8, 8))
    assert choices(tmp_path / "set", load_spec(tmp_path / "set")) != []
    assert len(surveys) == 2


@pytest.mark.slow
def test_images_in_memory_are_kept_in_the_studys_folder(tmp_path):
    images = RANDOM.integers(256, size=(40, 8, 8), dtype=np.uint8)
    study = overgan.run(images, tmp_path / "study", SHORT, **HERE)
    assert study.spec.data.root == str(tmp_path / "study" / "images.npz")
    assert study.description.data["train"] + study.description.data["test"] == 40
    again = overgan.run(images, tmp_path / "study", [*SHORT, "widths=[2,4,8]"], **HERE)
    assert all(group.complete for group in again.status())
    before = (tmp_path / "study" / "images.npz").read_bytes()
    with pytest.raises(OverganError, match="other images than these; name another folder with out"):
        overgan.run(images[::-1], tmp_path / "study", [*SHORT, "widths=[2,4,8]"], **HERE)
    assert (tmp_path / "study" / "images.npz").read_bytes() == before
    (tmp_path / "study").rename(tmp_path / "moved")
    moved = overgan.load(tmp_path / "moved")
    assert len(moved.evaluate()) == 3 * len(moved.spec.seeds)
    assert moved.spec.data.root == str(tmp_path / "moved" / "images.npz")
    spec = load_spec(tmp_path / "moved" / "spec.yaml")
    assert spec.data.root == str(tmp_path / "moved" / "images.npz")
    assert overgan.run(tmp_path / "moved" / "spec.yaml", tmp_path / "moved", **HERE).spec.widths == [2, 4, 8]


@pytest.mark.slow
def test_a_dict_takes_images_as_its_data(tmp_path):
    images = RANDOM.integers(256, size=(40, 3, 8, 8), dtype=np.uint8)
    values = {**yaml.safe_load(QUICK), "data": (images[:30].transpose(0, 2, 3, 1), images[30:].transpose(0, 2, 3, 1))}
    study = overgan.run(values, tmp_path / "study", SHORT, **HERE)
    assert study.description.data["shape"] == [8, 8, 3]
    assert (study.description.data["train"], study.description.data["test"]) == (30, 10)
    assert json.loads((tmp_path / "study" / "study.json").read_text())["spec"]["data"]["name"] == "folder"


def test_a_wrong_spec_of_images_leaves_nothing_behind(tmp_path):
    with pytest.raises(OverganError, match=r"unknown key train\.lr"):
        overgan.run(np.zeros((40, 8, 8), np.uint8), tmp_path / "study", ["train.lr=1"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_near_a_set_of_images_is_told_how_to_be_one(tmp_path):
    write(tmp_path, 1, (8, 8))
    with pytest.raises(OverganError, match=r"0\.png is one image; name the folder of all of them"):
        load_spec(tmp_path / "0.png")
    with pytest.raises(OverganError, match=r"faces does not exist; name a preset, a \.yaml file, or a folder"):
        load_spec(tmp_path / "faces")
    images = np.zeros((40, 8, 8), np.uint8)
    with pytest.raises(OverganError, match=r"train holds images, .* or as a pair \(trained on, held out\)"):
        overgan.run({"train": images, "test": images}, tmp_path / "study")
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_images_of_a_study_that_was_refused_are_not_kept(tmp_path):
    images = RANDOM.integers(256, size=(40, 8, 8), dtype=np.uint8)
    with pytest.raises(OverganError, match="1 held-out images"):
        overgan.run((images[:30], images[:1]), tmp_path / "study", SHORT, **HERE)
    assert list((tmp_path / "study").iterdir()) == []
    assert all(
        group.complete for group in overgan.run((images[:30], images), tmp_path / "study", SHORT, **HERE).status()
    )
