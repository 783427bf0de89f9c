"""Whole studies in real processes: the same bits however they are interrupted."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import overgan
from overgan.errors import OverganError
from overgan.study import WorkerError
from overgan.training import load_tensors, read_checkpoint
from tests.conftest import digest

pytestmark = pytest.mark.slow


def results(folder):
    files = {p.relative_to(folder): digest(p.read_bytes()) for p in folder.rglob("*.jsonl")}
    weights = {}
    for group in sorted(folder.glob("k*")):
        checkpoint = read_checkpoint(group)
        assert checkpoint.complete
        weights[group.name] = {k: digest(t.numpy()) for k, t in load_tensors(group, checkpoint).items()}
    return files, weights


def command(spec, out, *more):
    return [sys.executable, "-m", "overgan", "run", str(spec), "--out", str(out), "--workers", "2", *more]


@pytest.fixture(scope="module")
def whole(small_study):
    return overgan.load(small_study / "study")


def test_the_frame_has_a_row_for_each_run_and_evaluation(whole):
    frame = whole.frame()
    at_the_end = ["fid_gap", "fid_gap_error", "fid_gap_draws"]
    assert list(frame.columns) == ["k", "seed", "iteration", "features", "fid_train", "fid_test", *at_the_end]
    keys = list(frame[["k", "seed", "iteration"]].itertuples(index=False, name=None))
    assert sorted(keys) == [(k, s, i) for k in (2, 4, 8) for s in (0, 1) for i in (20, 40, 60)]
    assert (frame.features == "pixels").all()
    assert (frame.fid_train > 0).all()
    recommendation = whole.recommend()
    means = frame[frame.iteration == 60].groupby("k").fid_test.mean()
    assert recommendation.width == next(k for k in (2, 4, 8) if means[k] <= 1.05 * means.min())
    assert overgan.load(whole.folder).frame().equals(frame)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_study_killed_and_started_again_ends_with_the_same_bits(whole, tmp_path, kill):
    spec = whole.folder.parent / "small.yaml"
    process = subprocess.Popen(
        command(spec, tmp_path / "study"),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background ignores it
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("study/k*/log.jsonl")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(kill)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}[kill]
    stopped = "overgan: stopped; the same command goes on from the last checkpoint\n"
    assert errors == ("" if kill == signal.SIGKILL else stopped)
    assert not all((tmp_path / f"study/k000{k}/checkpoint.json").exists() for k in (2, 4, 8))
    # after SIGKILL the workers may still be alive for an instant
    again = overgan.run(spec, tmp_path / "study", workers=2)
    assert results(again.folder) == results(whole.folder)


def test_finished_groups_are_not_repeated_and_wider_ones_may_be_added(whole, tmp_path):
    spec = whole.folder.parent / "small.yaml"
    study = overgan.run(spec, tmp_path / "study", ["widths=[2,4]"], workers=2)
    before = {p: p.stat().st_mtime_ns for k in (2, 4) for p in study.group(k).rglob("*") if p.name != ".lock"}
    study = overgan.run(spec, tmp_path / "study", workers=2)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert results(study.folder) == results(whole.folder)


def test_other_specs_are_refused_with_the_difference_named(whole):
    spec = whole.folder.parent / "small.yaml"
    before = {p: p.read_bytes() for p in whole.folder.rglob("*") if p.is_file()}
    for override, message in (
        ("train.batch=9", "train.batch=8, now it is 9"),
        ("widths=[2,4]", "widths=[2, 4, 8], now it is [2, 4]"),
        ("seeds=[0,1,2]", "seeds=[0, 1], now it is [0, 1, 2]"),
        ("train.iterations=90", "train.iterations=60, now it is 90"),
    ):
        with pytest.raises(OverganError, match=f"{re.escape(message)}.*another folder with out"):
            overgan.run(spec, whole.folder, [override])
    assert {p: p.read_bytes() for p in whole.folder.rglob("*") if p.is_file()} == before


def test_two_runs_on_one_folder(whole, tmp_path):
    spec = whole.folder.parent / "small.yaml"
    first = subprocess.Popen(command(spec, tmp_path / "study", "--set", "train.iterations=100000"))
    try:
        while not (tmp_path / "study" / "study.json").exists():
            assert first.poll() is None
            time.sleep(0.01)
        with pytest.raises(OverganError, match="is in use by another run"):
            overgan.run(spec, tmp_path / "study", ["train.iterations=100000"])
    finally:
        first.terminate()
        assert first.wait(60) == 143


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


def test_a_worker_that_dies_is_reported_and_the_study_can_go_on(whole, tmp_path):
    spec = whole.folder.parent / "small.yaml"

    def kill_a_worker(groups):
        if any(group.done for group in groups):
            for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(WorkerError, match=r"exit code -9 .*the same command goes on from the last checkpoint"):
        overgan.run(spec, tmp_path / "study", ["train.iterations=100000"], workers=1, watch=kill_a_worker)


def test_a_damaged_checkpoint_ends_the_run_with_one_line(whole, tmp_path):
    import shutil

    shutil.copytree(whole.folder, tmp_path / "study")
    group = tmp_path / "study" / "k0004"
    index = (group / "checkpoint.json").read_text().replace('"complete": true', '"complete": false')
    (group / "checkpoint.json").write_text(index.replace('"iteration": 60', '"iteration": 40'))
    (path,) = group.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(OverganError, match=f"{path.name} is damaged"):
        overgan.run(whole.folder.parent / "small.yaml", tmp_path / "study", workers=1)


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
