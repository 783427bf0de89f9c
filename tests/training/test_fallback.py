"""A damaged newest checkpoint: the one before takes its place, and the group ends with the same bits."""

import json
import shutil

import numpy as np
import pytest

from overgan.errors import OverganError
from overgan.training import _index, load_checkpoint, read_checkpoint, read_rows
from overgan.training._checkpoint import save_checkpoint
from tests.conftest import without_checksums
from tests.training.conftest import results

INDEX, BEFORE = "checkpoint.json", "checkpoint-previous.json"
NEWEST = "checkpoint-00000030.safetensors"


def flipped(content):
    place = len(content) * 2 // 3
    return content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :]


DAMAGES = {
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
}


def damage_rows(folder, name, iteration):
    """Another digit in the last row of that iteration."""
    lines = (folder / name).read_text().splitlines(keepends=True)
    place = max(i for i, line in enumerate(lines) if json.loads(line)["iteration"] == iteration)
    lines[place] = lines[place][:-3] + str((int(lines[place][-3]) + 1) % 10) + lines[place][-2:]
    (folder / name).write_text("".join(lines))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [INDEX, NEWEST])
def test_a_finished_group_whose_newest_checkpoint_is_damaged_ends_with_the_same_bits(
    train, whole, tmp_path, caplog, name, damage
):
    folder = shutil.copytree(whole, tmp_path / "k")
    DAMAGES[damage](folder / name)
    checkpoint, tensors = load_checkpoint(folder)  # as `sample` and `evaluate` take it
    assert (checkpoint.iteration, checkpoint.complete, bool(tensors)) == (20, False, True)
    if name == INDEX:  # status and report need no tensors
        assert read_checkpoint(folder).iteration == 20
        assert {row["iteration"] for row in read_rows(folder, "evaluations.jsonl")} == {10, 20}
    (told,) = {message for message in caplog.messages if "checkpoint before" in message}
    assert told.startswith(f"overgan: {folder / name} ")
    assert told.endswith("; the checkpoint before is taken, of iteration 20")
    assert results(train(folder)) == results(whole)
    assert {p.name for p in folder.iterdir()} == {p.name for p in whole.iterdir()}


@pytest.mark.parametrize("name", ["log.jsonl", "evaluations.jsonl"])
def test_rows_that_only_the_newest_counts_on_are_dropped_with_it(train, whole, tmp_path, caplog, name):
    folder = shutil.copytree(whole, tmp_path / "k")
    damage_rows(folder, name, 30)
    rows = read_rows(folder, name)
    assert max(row["iteration"] for row in rows) == 20
    assert f"{name} is damaged (it has not the rows" in caplog.text
    assert results(train(folder)) == results(whole)


@pytest.mark.parametrize("name", ["log.jsonl", "evaluations.jsonl"])
def test_rows_that_both_count_on_are_refused_and_nothing_changes(train, whole, tmp_path, name):
    folder = shutil.copytree(whole, tmp_path / "k")
    damage_rows(folder, name, 10)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for call in (train, load_checkpoint, read_checkpoint, lambda folder: read_rows(folder, name)):
        with pytest.raises(OverganError, match=rf"{name} is damaged .*; restore it or move .* to train this width aga"):
            call(folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_two_damaged_checkpoints_are_refused_and_nothing_changes(train, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "k")
    for path in folder.glob("*.safetensors"):
        DAMAGES["flipped"](path)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    refusal = f"{NEWEST} is damaged: its checksum is wrong; restore it or move .* away to train this width again"
    with pytest.raises(OverganError, match=refusal):
        train(folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    (folder / INDEX).write_text('{"file": 3}')
    (folder / BEFORE).unlink()
    with pytest.raises(OverganError, match=r"checkpoint\.json is not a checkpoint's index; restore it or"):
        train(folder)


@pytest.mark.parametrize("place", [10, 25])
def test_it_is_the_same_on_the_way_and_twice(train, whole, tmp_path, place):
    folder = train(tmp_path / "k", stop_after=place, checkpoint_seconds=0)
    for _ in range(2):  # the second damages the checkpoint that took the place of the first
        (path,) = folder.glob(read_checkpoint(folder).file)
        assert path.name == f"checkpoint-{place:08d}.safetensors"
        DAMAGES["torn"](path)
        train(folder, stop_after=1, checkpoint_seconds=0)
        assert len(list(folder.glob("*.safetensors"))) == (1 if read_checkpoint(folder).iteration == place - 1 else 2)
        assert read_checkpoint(folder).iteration == place
    assert results(train(folder)) == results(whole)


def test_what_kills_left_is_removed_and_two_checkpoints_stay(train, tmp_path):
    folder = train(tmp_path / "k", stop_after=12)
    left = [
        ".checkpoint-00000013.safetensors.abcd1234",
        ".checkpoint.json.abcd_234",
        ".log.jsonl.abcdefgh",
        "checkpoint-00000013.safetensors",
        "samples/.00000010.png.abcdefgh",
    ]
    others = [".checkpoint.json.of-mine", "images-seed-0-grid.png", ".images-seed-0-grid.png.abcdefgh"]
    for name in (*left, *others):
        (folder / name).write_bytes(b"x" * 1000)
    train(folder, checkpoint_seconds=0)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert not there & set(left)
    assert there >= set(others)
    assert len([name for name in there if name.endswith(".safetensors")]) == 2


def test_a_checkpoint_of_the_same_iteration_leaves_the_one_before(tmp_path):
    """As before and after an evaluation that takes hours: the one before must have a file of its own."""
    index = {"seeds": [0], "diverged": {}, "seconds": 0.0}
    for iteration, complete in ((10, False), (20, False), (20, True)):
        save_checkpoint(tmp_path, {}, iteration=iteration, complete=complete, **index)
    assert read_checkpoint(tmp_path).complete
    (tmp_path / INDEX).unlink()
    assert read_checkpoint(tmp_path).iteration == 10


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_read_again(train, whole, tmp_path, monkeypatch, caplog):
    folder = train(tmp_path / "k", stop_after=5)
    monkeypatch.setattr("overgan.training._checkpoint.load_tensors", stepping := Stepping(folder, whole))
    checkpoint, _ = load_checkpoint(folder)
    assert (checkpoint.iteration, stepping.calls) == (30, 2)
    assert not caplog.messages


class Stepping:
    """Reads tensors, the first time after training has gone on and removed them."""

    def __init__(self, folder, whole):
        from overgan.training import load_tensors

        self.folder, self.whole, self.calls, self.load = folder, whole, 0, load_tensors

    def __call__(self, folder, checkpoint):
        self.calls += 1
        if self.calls == 1:
            shutil.rmtree(self.folder)
            shutil.copytree(self.whole, self.folder)
        return self.load(folder, checkpoint)


def test_a_group_of_an_older_version_goes_on_and_keeps_two_from_then_on(train, whole, tmp_path):
    folder = without_checksums(train(tmp_path / "k", stop_after=12))
    assert "checksum" not in (folder / INDEX).read_text()
    train(folder, stop_after=13)
    assert read_checkpoint(folder).pictures.keys() == {"samples/00000010.png", "samples/00000020.png"}
    assert len(list(folder.glob("*.safetensors"))) == 2
    assert results(train(folder)) == results(whole)
    np.testing.assert_equal(read_rows(folder, "log.jsonl"), read_rows(whole, "log.jsonl"))


@pytest.mark.parametrize("name", ["log.jsonl", "evaluations.jsonl"])
def test_rows_that_are_lost_or_damaged_in_training_are_in_no_later_checkpoint(whole, tmp_path, name):
    folder = shutil.copytree(whole, tmp_path / "k")
    checkpoint, tensors = load_checkpoint(folder)
    index = {"seeds": [0, 1, 2], "diverged": {}, "seconds": 1.0, "complete": True}
    for lose in (lambda: damage_rows(folder, name, 10), lambda: (folder / name).unlink()):
        lose()
        with pytest.raises(OverganError, match=rf"{name} is damaged \(it has not the rows"):
            save_checkpoint(folder, tensors, iteration=40, **index)
    assert json.loads((folder / INDEX).read_text())["iteration"] == checkpoint.iteration


def test_rows_found_whole_are_not_read_again_until_they_change(whole, tmp_path, monkeypatch):
    folder, read = shutil.copytree(whole, tmp_path / "k"), []
    content = _index.content_of
    monkeypatch.setattr(_index, "content_of", lambda path: read.append(path.name) or content(path))
    for _ in range(3):
        read_checkpoint(folder)
    assert [read.count(name) for name in ("log.jsonl", "evaluations.jsonl")] == [1, 1]
    with (folder / "log.jsonl").open("a") as file:
        file.write("{}\n")  # as training does
    assert read_checkpoint(folder).iteration == 30
    assert read.count("log.jsonl") == 1
    damage_rows(folder, "evaluations.jsonl", 30)
    assert read_checkpoint(folder).iteration == 20
