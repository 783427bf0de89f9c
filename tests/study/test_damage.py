"""What a power cut, or a flipped bit, does to a group's files: it is found, or it changes nothing."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import overgan
from overgan.errors import OverganError
from overgan.training import read_rows
from tests.conftest import without_checksums

FILES = ("log.jsonl", "evaluations.jsonl", "checkpoint.json")


def told(folder):
    """All that the reading commands say of a study."""
    study = overgan.load(folder)
    frames = [frame.to_csv() for frame in (study.frame(), study.losses())]
    return *frames, str(study.status()), str(study.recommend()), study.sample(4, n=2).tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_or_a_lost_end_is_found_or_changes_nothing(small_study, tmp_path, name):
    folder = shutil.copytree(small_study / "study", tmp_path / "study")
    expected, path = told(folder), folder / "k0004" / name
    whole, random = path.read_bytes(), np.random.default_rng(0)
    found = 0
    for place in random.integers(len(whole), size=30).tolist():
        flipped = whole[:place] + bytes([whole[place] ^ 1 << int(random.integers(8))]) + whole[place + 1 :]
        for damaged in (flipped, whole[:place]):
            path.write_bytes(damaged)
            try:
                assert told(folder) == expected
            except OverganError as error:
                assert "k0004" in str(error)  # noqa: PT017 - one of two outcomes
                found += 1
    assert found >= 55  # of 60: what is left is where no value stands, such as a last line's end


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
