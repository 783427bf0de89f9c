"""What a power cut, or a flipped bit, does to a group's files: it is found, or it changes nothing."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import overgan
from overgan.errors import OverganError
from overgan.training import read_rows
from tests.conftest import digest, without_checksums
from tests.study.test_runner import HERE

FILES = ("log.jsonl", "evaluations.jsonl", "checkpoint.json")


def told(folder):
    """All that the reading commands say of a study."""
    study = overgan.load(folder)
    frames = [frame.to_csv() for frame in (study.frame(), study.losses())]
    pictures = [digest(content) for content in study.pictures(4, "samples").values()]
    return *frames, str(study.status()), str(study.recommend()), study.sample(4, n=2).tobytes(), *pictures


@pytest.mark.slow
def test_a_flipped_bit_or_a_lost_end_is_refused_or_told_or_changes_nothing(small_study, tmp_path, caplog):
    """In every kind of file of a study and of a group. benchmarks/study_damage.py goes on from each of many more."""
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    overgan.load(folder).evaluate(features=["random"], samples=20)
    group, expected, random = folder / "k0004", told(folder), np.random.default_rng(0)
    names = [*FILES, "progress.json", "later.jsonl", "checkpoint-00000060.safetensors", "samples/00000060.png"]
    for path in (folder / "study.json", *(group / name for name in names)):
        whole, outcomes = path.read_bytes(), []
        for place in random.integers(len(whole), size=4).tolist():
            flipped = whole[:place] + bytes([whole[place] ^ 1 << int(random.integers(8))]) + whole[place + 1 :]
            for damaged in (flipped, whole[:place]):
                path.write_bytes(damaged)
                caplog.clear()
                try:
                    same = told(folder) == expected
                    assert same or any(str(path) in message for message in caplog.messages), path
                    outcomes.append("same" if same and not caplog.messages else "notice")
                except OverganError as error:
                    assert str(path) in str(error)  # noqa: PT017 - one of the outcomes
                    outcomes.append("refused")
                path.write_bytes(whole)
        assert outcomes.count("same") <= 1  # of 8: where no value stands, such as a space
        assert "refused" not in outcomes or path.suffix == ".jsonl"  # all else is healed


def test_a_width_whose_last_evaluation_is_damaged_is_said_to_be_unfinished(small_study, tmp_path):
    """Else another width would be recommended in silence."""
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    path = folder / "k0008" / "evaluations.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    study = overgan.load(folder)
    assert [group.complete for group in study.status()] == [True, True, False]
    assert "the runs of k = 8 that are not finished yet" in study.recommend().missing


def test_a_finished_study_with_a_damaged_checkpoint_goes_on_to_the_same_bits(small_study, tmp_path, caplog):
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    path = folder / "k0002" / "checkpoint-00000060.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    before, pictures = overgan.load(small_study / "study"), list((small_study / "study").rglob("*.png"))
    study = overgan.run(small_study / "small.yaml", folder, **HERE)
    assert all(group.complete for group in study.status())
    assert (path.read_bytes(), "; the checkpoint before is taken, of iteration 40" in caplog.text) == (whole, True)
    for ours, theirs in ((study.frame(), before.frame()), (study.losses(), before.losses())):
        assert ours.to_csv() == theirs.to_csv()
    assert {digest(p.read_bytes()) for p in folder.rglob("*.png")} == {digest(p.read_bytes()) for p in pictures}


def test_a_damaged_description_is_taken_from_its_copy_and_written_anew(small_study, tmp_path, caplog):
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    path = folder / "study.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"widths": [', b'"widths": [ 9,'))
    assert overgan.load(folder).spec.widths == [2, 4, 8]
    said = "study.json is damaged (its checksum is wrong); its copy, study-copy.json, is taken; copy it over study.json"
    assert said in caplog.text
    damaged = path.read_bytes()
    shutil.copyfile(folder / "study-copy.json", path)
    assert path.read_bytes() == whole
    path.write_bytes(damaged)
    overgan.run(small_study / "small.yaml", folder, **HERE)
    assert json.loads(path.read_bytes())["spec"] == json.loads(whole)["spec"]
    for name in ("study.json", "study-copy.json"):
        (folder / name).write_bytes(whole[:100])
    with pytest.raises(OverganError, match=r"study\.json is damaged .*; restore it from a copy"):
        overgan.load(folder)


def test_rows_are_durable_before_the_index_that_counts_on_them(tmp_path, monkeypatch):
    from overgan.training._checkpoint import save_checkpoint

    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(Path(f"/proc/self/fd/{fd}").readlink().name), fsync(fd)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append(f"-> {Path(to).name}"), replace(self, to))[1])
    for name in FILES[:2]:
        (tmp_path / name).write_text('{"seed": 0}\n')
    save_checkpoint(tmp_path, {}, iteration=3, seeds=[0], diverged={}, seconds=0.0, complete=False)
    index = done.index("-> checkpoint.json")
    assert set(FILES[:2]) <= set(done[:index])
    assert done[index + 1] == tmp_path.name  # and the folder, with the index's new name
    for name in FILES[:2]:
        with (tmp_path / name).open("a") as file:
            file.write('{"seed": 1}\n')  # rows that came after the checkpoint
        assert read_rows(tmp_path, name) == [{"seed": 0}]
        (tmp_path / name).write_bytes(b"")  # what a power cut left before
        with pytest.raises(OverganError, match=rf"{name} is damaged .* move .* away to train this width again"):
            read_rows(tmp_path, name)
        (tmp_path / name).write_text('{"seed": 0}\n')
    (tmp_path / "log.jsonl").write_text('{"seed": 5}\n')
    assert read_rows(without_checksums(tmp_path), "log.jsonl") == [{"seed": 5}]  # of an older version nothing is known
