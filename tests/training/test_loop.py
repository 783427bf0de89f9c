import hashlib
import json
import math
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from overgan.disk import read_jsonl
from overgan.metrics import NNDConfig, Reference, feature_space
from overgan.models import ModelConfig
from overgan.training import Group, TrainConfig, load_tensors, read_checkpoint, train_group
from overgan.training._checkpoint import save_checkpoint
from overgan.training._loop import placed
from tests.conftest import without_checksums
from tests.training.conftest import CONFIG, results


def test_what_a_group_leaves_on_disk(whole):
    folder = whole
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.iteration, checkpoint.complete, checkpoint.seeds) == (30, True, [0, 1, 2])
    assert sorted(p.name for p in folder.glob("*.safetensors")) == ["checkpoint-00000020.safetensors", checkpoint.file]
    evaluations = read_jsonl(folder / "evaluations.jsonl")
    assert [(r["iteration"], r["seed"]) for r in evaluations] == [(i, s) for i in (10, 20, 30) for s in (0, 1, 2)]
    assert all(r["frechet_train"] > 0 and r["features"] == "pixels" for r in evaluations)
    log = read_jsonl(folder / "log.jsonl")
    assert sorted({r["iteration"] for r in log}) == [5, 10, 15, 20, 25, 30]
    assert set(log[0]) >= {"critic_loss", "generator_loss", "gradient_penalty", "wasserstein"}
    assert set(log[0]) >= {"moved_generator", "moved_critic"}
    grids = sorted((folder / "samples").iterdir())
    assert [g.name for g in grids] == ["00000010.png", "00000020.png", "00000030.png"]
    assert np.asarray(Image.open(grids[0])).shape == (3 * 9 + 1, 10 * 9 + 1, 3)


@pytest.mark.parametrize("stops", [[1], [7], [10], [29], [3, 4, 8], [1] * 30])
def test_an_interrupted_group_ends_with_the_same_bits(train, whole, tmp_path, stops):
    for stop in stops:
        train(tmp_path / "parts", stop_after=stop)
    assert results(train(tmp_path / "parts")) == results(whole)


def test_a_group_that_goes_on_still_says_how_far_it_had_come(train, tmp_path):
    folder = train(tmp_path / "k", stop_after=12)
    last = [row["frechet_test"] for row in read_jsonl(folder / "evaluations.jsonl")]
    train(folder, stop_after=1)
    progress = json.loads((folder / "progress.json").read_text())
    assert (progress["iteration"], progress["frechet_test"]) == (13, pytest.approx(sum(last) / 3))


@pytest.mark.parametrize("loss", ["hinge", "non-saturating", "relativistic"])
def test_an_interrupted_group_of_another_loss_does_too(train, tmp_path, loss):
    short = {"loss": loss, "iterations": 8, "log_every": 2, "evaluate_every": 4}
    train(tmp_path / "parts", stop_after=5, **short)
    assert results(train(tmp_path / "parts", **short)) == results(train(tmp_path / "whole", **short))


@pytest.mark.parametrize(("first", "stops"), [(20, []), (20, [1]), (20, [3, 5]), (10, [12])])
def test_a_finished_group_that_is_trained_longer_ends_with_the_same_bits(train, whole, tmp_path, first, stops):
    """Interrupted on the way or not; reference.metrics are fid alone here, so that all evaluations measure the same."""
    folder = train(tmp_path / "k", iterations=first)
    assert read_checkpoint(folder).complete
    for stop in stops:
        train(folder, stop_after=stop)
        assert not read_checkpoint(folder).ends(30)
    assert results(train(folder)) == results(whole)


def test_the_old_end_stays_as_an_evaluation_on_the_way(train, whole, tmp_path):
    folder = train(tmp_path / "k", iterations=17)  # at which nothing else is due
    train(folder)
    for name in ("log.jsonl", "evaluations.jsonl"):
        rows = read_jsonl(folder / name)
        assert [row["seed"] for row in rows if row["iteration"] == 17] == [0, 1, 2]
        assert [row for row in rows if row["iteration"] != 17] == read_jsonl(whole / name)
    assert results(folder)[2] == results(whole)[2]


def test_replicas_that_diverged_are_not_trained_longer(train, tmp_path):
    folder = train(tmp_path / "k", learning_rate=1e30, iterations=20)
    before = read_checkpoint(folder)
    assert before.ends(30)
    train(folder, learning_rate=1e30)
    assert read_checkpoint(folder) == before


def test_rows_after_the_checkpoint_are_written_again(train, whole, tmp_path):
    """As after a kill that came between a row and the next checkpoint, in the middle of a line."""
    folder = train(tmp_path / "killed", stop_after=12)
    for name in ("log.jsonl", "evaluations.jsonl"):
        lines = (whole / name).read_text()
        (folder / name).write_text(lines[: int(len(lines) * 0.8)])
    assert results(train(folder)) == results(whole)


def test_a_checkpoint_as_it_was_written_before_goes_on(train, whole, tmp_path):
    """The tensors alone, without metadata, and their file's SHA-256 in the index."""
    folder = train(tmp_path / "k", stop_after=12)
    checkpoint = read_checkpoint(folder)
    content = safetensors.torch.save(load_tensors(folder, checkpoint))
    (folder / checkpoint.file).write_bytes(content)
    (folder / "checkpoint.json").write_text(
        json.dumps(checkpoint.model_dump() | {"sha256": hashlib.sha256(content).hexdigest()})
    )
    assert results(train(folder)) == results(whole)


def test_a_group_killed_after_its_last_evaluation_is_complete_when_it_goes_on(train, whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "k")
    checkpoint = read_checkpoint(folder)
    (folder / "checkpoint.json").write_text(json.dumps(checkpoint.model_dump() | {"complete": False}))
    without_checksums(folder)
    assert results(train(folder)) == results(whole)


@pytest.fixture(scope="module")
def train_with_nnd(digits):
    critic = NNDConfig(iterations=5, evaluation_batches=2, batch=4, width=2)
    space = feature_space("pixels", digits)
    model, config = ModelConfig(name="mlp", latent=4), TrainConfig(**CONFIG)

    def train(folder, stop_after=10**9):
        asked = 0

        def stopping():
            nonlocal asked
            asked += 1
            return asked >= stop_after

        folder.mkdir(exist_ok=True)
        metrics, cache = ["frechet", "memorization", "nnd"], folder.with_suffix(".cache")
        reference = Reference.of(digits, [space], 50, metrics, nnd=critic, cache=cache)
        train_group(Group(folder, digits, reference, ["frechet"], model, config, 8, [0, 1]), stopping)
        return folder

    return train


@pytest.fixture(scope="module")
def whole_with_nnd(train_with_nnd, tmp_path_factory):
    return train_with_nnd(tmp_path_factory.mktemp("whole") / "k")


@pytest.mark.parametrize("stops", [[30], [30, 3], [33], [31, 8, 3]])
def test_an_interrupted_nnd_goes_on(train_with_nnd, whole_with_nnd, tmp_path, stops):
    """Stopped in the last evaluation, of which every critic's step asks once: at some of the 18."""
    for stop in stops:
        folder = train_with_nnd(tmp_path / "parts", stop)
        assert not read_checkpoint(folder).complete
    assert results(train_with_nnd(tmp_path / "parts")) == results(whole_with_nnd)
    rows = read_jsonl(tmp_path / "parts" / "evaluations.jsonl")
    assert [row["features"] for row in rows if row["iteration"] == 20] == ["pixels"] * 2
    last = [row for row in rows if row["iteration"] == 30]
    assert [row["features"] for row in last] == ["pixels", "critic"] * 2
    assert all("nearer_train" in row for row in last if row["features"] == "pixels")
    assert last[1]["nnd_memorized"] == last[3]["nnd_memorized"]
    assert last[1]["nnd"] != last[3]["nnd"]
    assert not list((tmp_path / "parts").glob("nnd-*"))
    pictures = [(tmp_path / "parts" / "neighbours" / f"seed-{seed}" / "pixels.png").read_bytes() for seed in (0, 1)]
    assert pictures[0] != pictures[1]


def test_a_finished_group_is_not_trained_again(train, whole):
    folder = whole
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    train(folder)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_checkpoints_come_by_time_too(train, tmp_path, monkeypatch):
    saved = []

    def spy(folder, tensors, **index):
        saved.append(index["iteration"])
        return save_checkpoint(folder, tensors, **index)

    monkeypatch.setattr("overgan.training._loop.save_checkpoint", spy)
    train(tmp_path / "k", checkpoint_seconds=0, iterations=3)
    assert saved == [1, 2, 3]


def test_a_replica_that_is_not_finite_is_dropped_and_the_others_go_on(train, whole, tmp_path):
    folder = train(tmp_path / "sick", stop_after=12)
    checkpoint = read_checkpoint(folder)
    tensors = load_tensors(folder, checkpoint)
    tensors["generator.layers.0.weight"][1] = math.inf
    index = checkpoint.model_dump(exclude={"file", "sha256", "rows"})
    save_checkpoint(folder, tensors, **index)

    train(folder)
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.seeds, checkpoint.diverged, checkpoint.complete) == ([0, 2], {"1": 15}, True)
    rows = read_jsonl(folder / "evaluations.jsonl")
    assert [r["seed"] for r in rows if r["iteration"] == 30] == [0, 2]
    expected = {r["seed"]: r for r in read_jsonl(whole / "evaluations.jsonl") if r["iteration"] == 30}
    for row in rows[-2:]:  # two products of matrices round otherwise than three
        assert row["frechet_test"] == pytest.approx(expected[row["seed"]]["frechet_test"], rel=1e-3)
    for line in (folder / "log.jsonl").read_text().splitlines():
        assert all(math.isfinite(value) for value in json.loads(line).values())


def test_a_group_ends_when_all_of_its_replicas_diverged(train, tmp_path):
    folder = train(tmp_path / "k", learning_rate=1e30)
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.seeds, checkpoint.complete) == ([], True)
    assert set(checkpoint.diverged) == {"0", "1", "2"}
    assert read_jsonl(folder / "evaluations.jsonl") == []


def test_the_loop_leaves_the_global_generator_alone(train, tmp_path):
    before = torch.get_rng_state()
    train(tmp_path / "k", iterations=2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("free", "device"), [(4 * 192, "meta"), (4 * 192 - 1, "cpu")])
def test_images_lie_on_the_device_unless_they_take_more_than_a_quarter_of_it(free, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free, 10**9))
    images = np.zeros((3, 8, 8, 1), np.uint8)
    assert placed(images, "meta").device.type == device
    assert placed(images, "cpu").device.type == "cpu"


def test_images_that_cannot_be_written_to_are_not_copied(recwarn):
    images = np.arange(192, dtype=np.uint8).reshape(3, 8, 8, 1)
    images.flags.writeable = False
    assert placed(images, "cpu").data_ptr() == images.ctypes.data
    assert not recwarn.list
