"""Runs that are trained apart and then made one group."""

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest
import torch

from overgan.disk import read_json, read_jsonl, sha256, write_json
from overgan.errors import OverganError
from overgan.training import INDEX, NEIGHBOURS, TrainConfig, load_tensors, merge, read_checkpoint, read_rows
from overgan.training._index import PREVIOUS, read_index
from tests.conftest import without_checksums
from tests.forked import Forked
from tests.training.conftest import CONFIG, results

SEVERAL = {"learning_rates": [4e-4, 1e-3], "learning_rate_rules": ["constant", "mup"], "base_width": 4, "average": 0.9}
SHORT = {"iterations": 10, "evaluate_every": 5}
ROWS = ("log.jsonl", "evaluations.jsonl")


def config(**more):
    return TrainConfig(**CONFIG | more)


@pytest.fixture(scope="module")
def short(train, tmp_path_factory):
    """The seeds 0 and 1 in a group, and 2 in another within it, after 10 iterations."""
    folder = train(tmp_path_factory.mktemp("short") / "k", seeds=(0, 1), **SHORT)
    train(folder / "adding", seeds=(2,), **SHORT)
    return folder


@pytest.fixture
def apart(short, tmp_path):
    """A copy of both groups."""
    folder = shutil.copytree(short, tmp_path / "apart")
    return folder, folder / "adding"


@pytest.fixture
def trained_apart(train, tmp_path):
    """Such groups, trained in another way."""

    def trained_apart(**more):
        folder = train(tmp_path / "apart", seeds=(0, 1), **more)
        return folder, train(folder / "adding", seeds=(2,), **more)

    return trained_apart


def read_only(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(folder, seed):
    return [[row for row in read_rows(folder, name) if row["seed"] == seed] for name in ROWS]


def test_a_run_that_is_added_keeps_the_rows_that_it_has_alone(apart):
    folder, added = apart
    own, new = [read_jsonl(folder / name) for name in ROWS], rows_of(added, 2)
    seconds = read_checkpoint(folder).seconds + read_checkpoint(added).seconds
    merge(folder, added, config(**SHORT))
    assert [read_jsonl(folder / name) for name in ROWS] == [a + b for a, b in zip(own, new, strict=True)]
    assert rows_of(folder, 2) == new
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.seeds, checkpoint.complete, checkpoint.seconds) == ([0, 1, 2], True, seconds)
    assert not added.exists()
    last = [row["frechet_test"] for row in read_rows(folder, "evaluations.jsonl") if row["iteration"] == 10]
    progress = read_json(folder / "progress.json")
    assert (progress["iteration"], progress["seconds"]) == (10, seconds)
    assert progress["frechet_test"] == pytest.approx(sum(last) / 3)


@pytest.mark.slow
def test_merged_runs_are_those_trained_together_after_50_iterations(train, trained_apart, tmp_path):
    """To 1e-5 of the largest number: sums of several replicas round as those of one, but for the ends of vectors."""
    more = SEVERAL | {"loss": "hinge", "iterations": 50, "evaluate_every": 50, "critic_steps": 2}
    together = train(tmp_path / "together", **more)
    folder, added = trained_apart(**more)
    merge(folder, added, config(**more))
    ours, theirs = read_checkpoint(folder), read_checkpoint(together)
    assert ours.left(config(**more)) == theirs.left(config(**more))
    expected = load_tensors(together, theirs)
    for name, tensor in load_tensors(folder, ours).items():
        of = expected[name]
        assert (tensor.double() - of.double()).abs().max() <= 1e-5 * of.double().abs().max().clamp(min=1e-6), name


def test_a_merged_group_goes_on_as_one_that_was_trained_together(train, trained_apart, tmp_path):
    """All of its runs, in whose rows there is then no trace of the merger."""
    more = SEVERAL | {"evaluate_every": 5, "critic_steps": 1}
    together = train(tmp_path / "together", iterations=10, **more)
    folder, added = trained_apart(iterations=5, **more)
    merge(folder, added, config(iterations=5, **more))
    train(folder, iterations=10, **more)
    steps = ("iteration", "learning_rate_rule", "learning_rate", "seed")
    for name in ROWS:
        ours, theirs = (
            {tuple(row[key] for key in steps): row for row in read_rows(of, name)} for of in (folder, together)
        )
        assert ours.keys() == theirs.keys()
        assert len(theirs) == 2 * 12  # at two iterations each of three seeds with two rates by two rules
        for key, row in theirs.items():
            numbers = [name for name, value in row.items() if not isinstance(value, str)]
            assert [row[name] for name in numbers] == pytest.approx([ours[key][name] for name in numbers], rel=1e-4)
    assert read_checkpoint(folder).runs == config(iterations=10, **more).runs([0, 1, 2])


def dying(operation, do):
    """do(), killed before so many of its operations that change what is on disk."""
    left = operation

    def counted(function):
        def call(*arguments, **more):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **more)

        return call

    class Half:
        """A file that takes half of what is appended before the kill."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, content):
            nonlocal left
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self.file.write(content[len(content) // 2 :])

    def opened(path, mode="r", *arguments, **more):
        file = begin(path, mode, *arguments, **more)
        return Half(file) if mode == "ab" else file

    begin, Path.open = Path.open, opened
    for name in ("fsync", "replace", "unlink", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    do()


@pytest.mark.slow
def test_killed_at_any_operation_on_files_it_comes_to_the_same_bytes(apart, tmp_path):
    folder, added = apart
    (added / NEIGHBOURS / "seed-2").mkdir(parents=True)
    picture = added / NEIGHBOURS / "seed-2" / "pixels.png"
    picture.write_bytes(b"of seed 2")
    index = read_json(added / INDEX)
    index["pictures"]["neighbours/seed-2/pixels.png"] = sha256(b"of seed 2")
    write_json(added / INDEX, index)
    whole = shutil.copytree(folder, tmp_path / "whole")
    before = read_checkpoint(folder)
    merge(whole, whole / "adding", config(**SHORT))
    expected = read_only(whole)
    assert expected["neighbours/seed-2/pixels.png"] == b"of seed 2"
    assert not [name for name in expected if name.startswith("adding/")]

    kills, k = 0, tmp_path / "killed"
    once = partial(merge, k, k / "adding", config(**SHORT))
    while shutil.copytree(folder, k) and Forked(partial(dying, kills, once)).wait():
        assert read_checkpoint(k).seeds in ([0, 1], [0, 1, 2])  # a reader finds one or the other, whole
        if kills % 3 == 0:
            Forked(partial(dying, kills // 2, once)).wait()
            assert read_checkpoint(k).seeds in ([0, 1], [0, 1, 2])
        once()
        assert read_only(k) == expected, kills
        shutil.rmtree(k)
        kills += 1
    assert kills > 25
    assert read_only(k) == expected
    assert read_index(k / PREVIOUS) == before
    load_tensors(k, before)  # they are still there


def test_a_damaged_merger_goes_back_to_the_runs_before(train, apart):
    folder, added = apart
    again = shutil.copytree(added, folder.parent / "again")
    before = load_tensors(folder, read_checkpoint(folder))
    merge(folder, added, config(**SHORT))
    merged = results(folder)
    (folder / INDEX).write_text("{")
    train(folder, seeds=(0, 1), iterations=10)
    checkpoint = read_checkpoint(folder)
    assert checkpoint.seeds == [0, 1]
    assert all(torch.equal(of, before[name]) for name, of in load_tensors(folder, checkpoint).items())
    merge(folder, again, config(**SHORT))
    assert results(folder) == merged


@pytest.mark.parametrize("of", [(0, 1), (2,)])
def test_runs_that_all_diverged_are_added_and_added_to(train, tmp_path, of):
    """With 1e30 they do at the first row of losses, at which their group ends."""
    steps = {"learning_rates": [1e-3, 1e30], "iterations": 10}
    both = config(**steps)
    folder = train(tmp_path / "k", seeds=(0, 1), **steps)
    added = train(folder / "adding", seeds=(2,), **steps)
    assert len(read_checkpoint(folder).seeds) == 2
    merge(folder, added, both)
    checkpoint = read_checkpoint(folder)
    assert checkpoint.diverged == {f"{seed}-constant-1e+30": 5 for seed in (0, 1, 2)}
    assert [run.seed for run in checkpoint.runs] == [0, 1, 2]

    diverging, alone = {"learning_rate": 1e30, "iterations": 10}, tmp_path / "alone"
    train(alone, seeds=of, **diverging)
    train(alone / "adding", seeds=[3], iterations=10)
    merge(alone, alone / "adding", config(**SHORT))
    checkpoint = read_checkpoint(alone)
    assert (checkpoint.seeds, checkpoint.iteration) == ([3], 10)
    assert checkpoint.diverged == {str(seed): 5 for seed in of}
    train(alone / "adding", seeds=[4], **diverging)
    merge(alone, alone / "adding", config(**SHORT))
    train(alone, seeds=[*of, 3, 4], iterations=15)
    checkpoint = read_checkpoint(alone)
    assert (checkpoint.seeds, checkpoint.iteration) == ([3], 15)
    assert checkpoint.diverged == {str(seed): 5 for seed in (*of, 4)}
    assert load_tensors(alone, checkpoint)["finite"].tolist() == [True]


def test_only_diverged_runs_make_a_group_without_tensors(train, trained_apart):
    diverging = {"learning_rate": 1e30, "iterations": 10}
    folder, added = trained_apart(**diverging)
    merge(folder, added, config(**diverging))
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.seeds, checkpoint.iteration, checkpoint.ends(10)) == ([], 5, True)
    assert load_tensors(folder, checkpoint) == {}
    train(folder, **diverging)
    assert read_checkpoint(folder) == checkpoint


def test_seeds_are_added_to_a_group_of_an_older_version(apart):
    folder, added = apart
    kept = shutil.move(added, folder.parent / "kept")
    without_checksums(folder)
    shutil.move(kept, added)
    once = partial(merge, folder, added, config(**SHORT))
    for operation in range(14):  # some come between the rows and the index that counts on them
        assert Forked(partial(dying, operation, once)).wait() == -signal.SIGKILL
        there = {row["seed"] for name in ROWS for row in read_rows(folder, name)}
        assert there == {*read_checkpoint(folder).seeds}
    once()
    assert [rows_of(folder, seed)[1][-1]["iteration"] for seed in (0, 1, 2)] == [10, 10, 10]
    assert set(read_checkpoint(folder).pictures) == {"samples/00000005.png", "samples/00000010.png"}


def test_what_is_left_of_a_folder_is_removed(apart):
    folder, added = apart
    merge(folder, added, config(**SHORT))
    before = read_only(folder)
    merge(folder, added, config(**SHORT))
    added.mkdir()
    (added / "log.jsonl").touch()
    merge(folder, added, config(**SHORT))
    assert read_only(folder) == before


@pytest.mark.parametrize(
    ("seeds", "more", "message"),
    [
        ((1, 2), {}, "both have the run 1 and cannot be put together; move .*adding away"),
        ((2,), {"iterations": 5}, "is of iteration 10 and .*adding of 5, so they cannot be put together; move"),
        ((2,), {"stop_after": 3}, "adding is not complete, so .* cannot be put together; move"),
        ((2,), {"average": 0.9}, "holds other networks than .*; go back to the versions"),
    ],
)
def test_groups_that_do_not_fit_are_left_as_they_are(train, apart, seeds, more, message):
    folder, added = apart
    shutil.rmtree(added)
    train(added, seeds=seeds, **SHORT | more)
    before = read_only(folder)
    with pytest.raises(OverganError, match=message):
        merge(folder, added, config(**SHORT))
    assert read_only(folder) == before


def test_a_folder_without_a_group_takes_no_seeds(apart):
    folder, added = apart
    with pytest.raises(OverganError, match="has no checkpoint, so no runs can be added"):
        merge(folder / "other", added, config(**SHORT))
    assert read_checkpoint(added).complete
