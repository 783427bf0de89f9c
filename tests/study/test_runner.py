"""Whole studies: what their folders hold, and how they are gone on with."""

import json
import os
import re
import shutil
import signal
import time

import numpy as np
import pytest
import torch
from PIL import Image

import overgan
from overgan.errors import OverganError
from overgan.models import to_images
from overgan.report import report_content
from overgan.study import WorkerError
from overgan.study._load import read_description
from overgan.training import load_tensors, read_checkpoint, stream
from tests.conftest import digest, without_checksums
from tests.forked import Forked, forked_worker

pytestmark = pytest.mark.slow
HERE = {"executor": "tests.extension.executor:InProcess", "workers": 1}  # without the start of processes


def results(folder):
    files = {p.relative_to(folder): digest(p.read_bytes()) for p in folder.rglob("*.jsonl")}
    weights = {}
    for group in sorted(folder.glob("k*")):
        checkpoint = read_checkpoint(group)
        assert checkpoint.complete
        weights[group.name] = {k: digest(t.numpy()) for k, t in load_tensors(group, checkpoint).items()}
    return files, weights


@pytest.fixture(scope="module")
def whole(small_study):
    return overgan.load(small_study / "study")


def test_the_frame_has_a_row_for_each_run_and_evaluation(whole):
    frame = whole.frame()
    run, at_the_end = ["learning_rate_rule", "learning_rate", "seed"], ["gap", "gap_error", "gap_draws"]
    measured = [f"frechet_{name}" for name in ("train", "test", *at_the_end)]
    assert list(frame.columns) == ["k", *run, "iteration", "features", *measured]
    keys = list(frame[["k", "seed", "iteration"]].itertuples(index=False, name=None))
    assert sorted(keys) == [(k, s, i) for k in (2, 4, 8) for s in (0, 1) for i in (20, 40, 60)]
    assert (frame.features == "pixels").all()
    assert (frame.frechet_train > 0).all()
    recommendation = whole.recommend()
    means = frame[frame.iteration == 60].groupby("k").frechet_test.mean()
    assert recommendation.width == next(k for k in (2, 4, 8) if means[k] <= 1.05 * means.min())
    assert overgan.load(whole.folder).frame().equals(frame)


def test_finished_groups_are_not_repeated_and_wider_ones_may_be_added(whole, tmp_path):
    spec = whole.folder.parent / "small.yaml"
    study = overgan.run(spec, tmp_path / "study", ["widths=[2,4]"], **HERE)
    before = {p: p.stat().st_mtime_ns for k in (2, 4) for p in study.group(k).rglob("*") if p.name != ".lock"}
    study = overgan.run(spec, tmp_path / "study", **HERE)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert results(study.folder) == results(whole.folder)


def test_other_specs_are_refused_with_the_difference_named(whole):
    spec = whole.folder.parent / "small.yaml"
    before = {p: p.read_bytes() for p in whole.folder.rglob("*") if p.is_file()}
    for override, message in (
        ("train.batch=9", "train.batch=8, now it is 9"),
        ("widths=[2,4]", "widths=[2, 4, 8], now it is [2, 4]"),
        ("seeds=[0,2]", "seeds=[0, 1], now it is [0, 2]"),
        ("train.iterations=40", "train.iterations=60, now it is 40"),
    ):
        with pytest.raises(OverganError, match=f"{re.escape(message)}.*another folder with out"):
            overgan.run(spec, whole.folder, [override])
    assert {p: p.read_bytes() for p in whole.folder.rglob("*") if p.is_file()} == before


@pytest.fixture(scope="module")
def longer(whole, tmp_path_factory):
    """The small study trained to its 40th iteration, and then, killed on the way, to its 60th."""
    from overgan.training import _loop

    spec, folder = whole.folder.parent / "small.yaml", tmp_path_factory.mktemp("longer") / "study"
    overgan.run(spec, folder, ["train.iterations=40"], **HERE)

    def dies():
        _loop.append_jsonl = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # at its first row of losses
        overgan.run(spec, folder, **HERE)

    assert Forked(dies).wait() == -signal.SIGKILL
    assert read_description(folder).spec.train.iterations == 60
    return overgan.load(folder), spec


def test_a_study_killed_while_it_is_trained_longer_says_how_far_it_is_and_mixes_nothing(longer):
    study, _ = longer
    assert [(group.total, group.complete) for group in study.status()] == [(60, False)] * 3
    assert set(study.frame().iteration) >= {20, 40}
    assert study.last().empty
    with pytest.raises(OverganError, match="no width has a finished run"):
        study.recommend()
    content = report_content(study)
    assert content.findings[:2] == ["No run has finished yet.", "Not finished yet: k = 2, 4, 8."]
    assert {plot.name for plot in content.plots} <= {"frechet-pixels-over-iterations", "wasserstein"}


def test_a_study_trained_longer_is_the_one_that_was_trained_as_long_at_once(longer, whole, tmp_path):
    killed, spec = longer
    folder = shutil.copytree(killed.folder, tmp_path / "study")
    study = overgan.run(spec, folder, **HERE)
    assert study.description.command == f"overgan run {spec} --out {study.folder}"
    (files, weights), (expected_files, expected_weights) = results(study.folder), results(whole.folder)
    assert weights == expected_weights
    logs = [path for path in files if path.name == "log.jsonl"]
    assert len(logs) == 3
    assert all(files[path] == expected_files[path] for path in logs)
    frame, expected = study.frame(), whole.frame()
    assert (
        frame[frame.iteration != 40]
        .reset_index(drop=True)
        .equals(expected[expected.iteration != 40].reset_index(drop=True)[frame.columns])
    )
    columns = ["k", "seed", "iteration", "frechet_train", "frechet_test"]
    assert frame[columns].equals(expected[columns])
    assert frame[frame.iteration == 40].frechet_gap.notna().all()  # the old end keeps what only the end has
    assert str(study.recommend()) == str(whole.recommend())


def test_a_study_whose_learning_rate_came_down_to_0_is_not_trained_longer(whole, tmp_path):
    """Nor one whose schedule is to change on the way."""
    folder = shutil.copytree(whole.folder, tmp_path / "study")
    spec, path = whole.folder.parent / "small.yaml", folder / "study.json"
    with pytest.raises(OverganError, match=r"train\.schedule=constant, now it is linear"):
        overgan.run(spec, folder, ["train.iterations=90", "train.schedule=linear"])
    description = json.loads(path.read_text())
    description.pop("checksum")  # as of one that is changed by hand
    description["spec"]["train"]["schedule"] = "linear"
    path.write_text(json.dumps(description))
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for schedule in ("linear", "constant"):
        with pytest.raises(OverganError, match=r"study: the learning rate .* 0 at iteration 60 .* cannot go on to 90"):
            overgan.run(spec, folder, ["train.iterations=90", f"train.schedule={schedule}"])
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_two_runs_on_one_folder(whole, tmp_path):
    spec = whole.folder.parent / "small.yaml"
    more = ["train.iterations=100000"]
    first = Forked(lambda: overgan.run(spec, tmp_path / "study", more, **HERE) and None)
    try:
        while not (tmp_path / "study" / "study.json").exists():
            assert first.poll() is None
            time.sleep(0.01)
        with pytest.raises(OverganError, match="is in use by another run"):
            overgan.run(spec, tmp_path / "study", more)
    finally:
        first.kill()
        first.wait()


def test_a_folder_of_something_else_is_left_alone(small_spec, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OverganError, match="is not empty and holds no study"):
        overgan.run(small_spec, tmp_path)
    with pytest.raises(OverganError, match="is not empty and holds no study"):
        overgan.run(small_spec, tmp_path / "thesis.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.yaml", "thesis.txt"]


def test_a_folder_that_cannot_be_written(small_spec):
    with pytest.raises(OverganError, match=r"/sys/study cannot be written .*another folder with out"):
        overgan.run(small_spec, "/sys/study")  # not even root may write there


def test_other_images_are_refused(whole, small_spec, digits, monkeypatch):
    import dataclasses

    changed = digits.train.copy()
    changed[0, 0, 0] ^= 1
    monkeypatch.setattr("overgan.study.gan._work.load_images", lambda _: dataclasses.replace(digits, train=changed))
    with pytest.raises(OverganError, match="the images are not those that"):
        overgan.run(small_spec, whole.folder)


def test_a_study_that_its_executor_does_not_finish_is_not_called_done(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.extension.executor.finish_groups", lambda *_, **__: None)
    spec = whole.folder.parent / "small.yaml"
    with pytest.raises(WorkerError, match=r"3 widths of 3 not finished \(k = 2, 4 and 8\).*same command goes on"):
        overgan.run(spec, tmp_path / "study", **HERE)


def test_a_damaged_checkpoint_ends_the_run_with_one_line(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    without_checksums(shutil.copytree(whole.folder, tmp_path / "study"))
    group = tmp_path / "study" / "k0004"
    index = (group / "checkpoint.json").read_text().replace('"complete": true', '"complete": false')
    (group / "checkpoint.json").write_text(index.replace('"iteration": 60', '"iteration": 40'))
    (path,) = group.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(OverganError, match=f"{path.name} is damaged"):
        overgan.run(whole.folder.parent / "small.yaml", tmp_path / "study", workers=1, threads=1)


def test_samples_come_from_the_checkpoint(whole):
    samples = whole.sample(8, seed=1, n=5)
    assert samples.shape == (5, 8, 8, 1)
    assert (samples == whole.sample(8, seed=1, n=5)).all()
    assert (samples != whole.sample(8, seed=0, n=5)).any()
    for arguments, message in (
        ({"width": 3}, r"has no width 3; it has \[2, 4, 8\]"),
        ({"width": 8, "seed": 9}, r"no weights of seed 9; it has those of \[0, 1\]"),
        ({"width": 8, "n": 0}, "at least 1"),
    ):
        with pytest.raises(OverganError, match=message):
            whole.sample(**arguments)


def test_samples_of_other_latents(whole):
    first, again = (whole.sample(8, seed=1, n=5, latents_seed=3) for _ in range(2))
    assert (first == again).all()
    for other in (whole.sample(8, seed=1, n=5), whole.sample(8, seed=1, n=5, latents_seed=1)):
        assert (first != other).any((1, 2, 3)).all()
    # of the latents themselves, by the generator alone
    latents = torch.randn(64, 4, generator=stream(3, "samples"))[:5]
    for seed in (0, 1):
        with torch.no_grad():
            images = to_images(whole.generator(8, seed)(latents)[None])[0].numpy()
        assert abs(images.astype(int) - whole.sample(8, seed, 5, latents_seed=3).astype(int)).max() <= 1


def test_samples_are_of_the_recommended_width_unless_one_is_given(whole):
    assert whole.recommend().missing  # more seeds: the best of what there is
    assert (whole.sample(n=5) == whole.sample(whole.recommend().width, n=5)).all()


def read(path):
    return np.asarray(Image.open(path))


def test_written_samples_are_those_images_enlarged_by_whole_pixels(whole):
    folder = whole.write_samples(4, 1, 3, latents_seed=5, scale_up=8)
    assert folder == whole.group(4) / "images-seed-1-latents-5-x8"
    expected = [np.kron(i[..., 0], np.ones((8, 8), np.uint8)) for i in whole.sample(4, 1, 3, latents_seed=5)]
    assert np.array_equal([read(path) for path in sorted(folder.iterdir())], expected)
    grid = read(f"{folder}-grid.png")
    assert grid.shape == (2 * 65 + 1, 2 * 65 + 1, 3)
    assert np.array_equal(grid[66:130, 1:65, 0], expected[2])


def test_a_folder_of_samples_keeps_none_of_before(whole, tmp_path):
    of_study = whole.write_samples(4, n=12)
    (of_study / "notes.txt").touch()
    whole.write_samples(4, n=5)
    assert sorted(p.name for p in of_study.iterdir()) == [*(f"0000{i}.png" for i in range(5)), "notes.txt"]
    assert read(f"{of_study}-grid.png").shape == (2 * 9 + 1, 3 * 9 + 1, 3)
    out = whole.write_samples(4, 0, 12, tmp_path / "out")  # which may be anybody's
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.png")}
    with pytest.raises(OverganError, match=r"out has more images, from 00005\.png on; remove them, or name another"):
        whole.write_samples(8, 0, 5, out)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.png")} == before
    assert (
        overgan.metrics.evaluate(out, train=out, features="pixels", metrics=["frechet"]).rows[0]["frechet_train"] < 1e-6
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n is 0; it must be at least 1"),
        ({"latents_seed": -1}, "latents_seed is -1; it must be at least 0"),
        ({"scale_up": 0}, "scale_up is 0; it must be from 1 to 64"),
        ({"scale_up": 65}, "scale_up is 65; it must be from 1 to 64"),
        ({"n": 10**8}, "n is 100000000; it must be less: the grid would have 80,000 × 80,000 pixels"),
        ({"n": 10**4, "scale_up": 64}, "scale_up is 64; it must be less: the grid would have 51,200 × 51,200 pixels"),
    ],
)
def test_samples_that_cannot_be_written(whole, tmp_path, arguments, message):
    with pytest.raises(OverganError, match=message):
        whole.write_samples(8, out=tmp_path / "images", **arguments)
    assert not (tmp_path / "images").exists()


def test_too_few_workers(small_spec):
    with pytest.raises(OverganError, match="workers is 0; it must be at least 1"):
        overgan.run(small_spec, workers=0)


def test_what_overgan_says_in_a_worker_reaches_the_user_once(tmp_path, caplog):
    from overgan.study.execute._logs import pass_on_notices

    logs = [tmp_path / "worker-0.log", tmp_path / "worker-1.log"]
    logs[0].write_text("overgan: the compiled convolutions do not work here\nanother library's words\n")
    logs[1].write_text("overgan: the compiled convolutions do not work here\n")
    pass_on_notices(logs)
    assert caplog.messages == ["overgan: the compiled convolutions do not work here"]
