"""Disks that are full, read-only or gone while a study runs: one line, and the same command goes on."""

import errno
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from PIL import Image

import overgan
from overgan.errors import OverganError
from overgan.study import finish_groups
from overgan.study.execute._faults import explained
from tests.forked import children, forked_command, forked_worker
from tests.study.test_runner import results

pytestmark = pytest.mark.slow
MOUNT, UMOUNT = (shutil.which(name) or name for name in ("mount", "umount"))
IMAGES = """
name: of-images
data: {name: folder, root: images}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4]
seeds: [0, 1]
train: {iterations: 40, batch: 4, critic_steps: 2, log_every: 2, evaluate_every: 20, checkpoint_seconds: 0}
evaluate: {features: [random], samples: 20, draws: 0}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """A spec of image files, with the study that it gives without a fault beside it."""
    folder = tmp_path_factory.mktemp("faults")
    for part, n in (("train", 60), ("test", 30)):
        (folder / "images" / part).mkdir(parents=True)
        for i, pixels in enumerate(np.random.default_rng(n).integers(256, size=(n, 8, 8), dtype=np.uint8)):
            Image.fromarray(pixels).save(folder / "images" / part / f"{i:02d}.png")
    (folder / "spec.yaml").write_text(IMAGES)
    overgan.run(folder / "spec.yaml", folder / "study", executor="tests.extension.executor:InProcess", workers=1)
    return folder / "spec.yaml"


@pytest.fixture
def start(spec, monkeypatch):
    """Start the command on a folder, wait until a group has its first losses, and give it and its error output."""
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    monkeypatch.setattr("overgan.study._finish.POLL_SECONDS", 0.02)

    def started(folder):
        heard, told = os.pipe()
        command = forked_command("run", spec, "--out", folder, "--threads", "1", "--quiet", stderr=told)
        os.close(told)
        while not list(folder.glob("k*/log.jsonl")):
            assert command.poll() is None, os.read(heard, 9999).decode()
            time.sleep(0.002)
        return command, os.fdopen(heard)

    return started


@contextmanager
def mounted(*words, at):
    try:
        done = subprocess.run([MOUNT, *words, at], capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([UMOUNT, "--lazy", at], check=True)


def ended(command, errors):
    code = command.wait()
    with errors:
        lines = errors.read().splitlines()
    assert code == 2, lines
    assert "Traceback" not in "".join(lines)
    return lines[-1]


def goes_on(spec, folder):
    assert results(overgan.run(spec, folder, workers=2, threads=1).folder) == results(spec.parent / "study")


def test_a_disk_that_is_full_and_then_has_room(spec, start, tmp_path):
    with mounted("-t", "tmpfs", "-o", "size=4m", "tmpfs", at=tmp_path):
        folder = tmp_path / "study"
        command, errors = start(folder)
        with suppress(OSError), (tmp_path / "others").open("wb", buffering=0) as others:
            while True:
                others.write(bytes(4096))
        assert ended(command, errors) == (
            f"overgan: {folder} cannot be written (No space left on device); make room, or make it writable; "
            "the same command goes on"
        )
        with pytest.raises(OverganError, match=r"study cannot be written \(No space left on device\); make room"):
            overgan.run(spec, folder, workers=2, threads=1)
        (tmp_path / "others").unlink()
        goes_on(spec, folder)


def test_a_disk_that_becomes_read_only_and_then_is_mended(spec, start, tmp_path):
    folder = tmp_path / "study"
    command, errors = start(folder)
    (unused := tmp_path / "unused").mkdir()
    with mounted("--bind", folder, at=unused):
        subprocess.run([MOUNT, "-o", "remount,bind,ro", unused], check=True)  # nobody writes through it
        with mounted("--bind", unused, at=folder):
            last = ended(command, errors)
    assert last == (
        f"overgan: {folder} cannot be written (Read-only file system); make room, or make it writable; "
        "the same command goes on"
    )
    goes_on(spec, folder)


def test_a_folder_that_is_removed_while_it_is_trained_does_not_come_back(spec, start, tmp_path):
    command, errors = start(tmp_path / "study")
    (tmp_path / "study").rename(tmp_path / "gone")
    last = ended(command, errors)
    assert last.startswith(f"overgan: {tmp_path}/study is gone, or its study.json is, while the study ran; ")
    assert not (tmp_path / "study").exists()
    (tmp_path / "gone").rename(tmp_path / "study")
    goes_on(spec, tmp_path / "study")


def test_a_width_that_is_removed_while_it_is_trained_is_begun_again(spec, start, tmp_path):
    command, errors = start(tmp_path / "study")
    (group, *_) = sorted(path.parent for path in tmp_path.glob("study/k*/log.jsonl"))
    group.rename(tmp_path / "gone")
    assert ended(command, errors) == (
        f"overgan: {group} was removed or replaced while it was trained; the same command begins it again"
    )
    shutil.rmtree(group, ignore_errors=True)
    goes_on(spec, tmp_path / "study")


def test_images_that_vanish_while_a_worker_is_started_again(spec, start, tmp_path):
    command, errors = start(tmp_path / "study")
    images = spec.parent / "images"
    images.rename(tmp_path / "gone")
    try:
        for pid in children(command.pid):
            os.kill(pid, signal.SIGKILL)
        assert f"{images} does not exist" in ended(command, errors)
    finally:
        (tmp_path / "gone").rename(images)
    goes_on(spec, tmp_path / "study")


@pytest.mark.parametrize("unusable", ["a file", "read-only"])
def test_without_a_cache_folder_everything_is_computed(spec, tmp_path, monkeypatch, caplog, unusable):
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with mounted("-t", "tmpfs", "-o", "ro", "tmpfs", at=_made(cache)) if unusable == "read-only" else _file(cache):
        study = overgan.run(
            spec, tmp_path / "study", executor="tests.extension.executor:InProcess", workers=1, threads=1
        )
        assert results(study.folder) == results(spec.parent / "study")
        notices = "\n".join(caplog.messages)
        assert "so every process computes what it would keep" in notices
        assert "so every process holds" in notices
        images = spec.parent / "images"
        rows = overgan.metrics.evaluate(images / "test", train=images / "train", features="random").rows
        assert rows[0]["frechet_train"] > 0


def _made(folder):
    folder.mkdir()
    return folder


@contextmanager
def _file(path):
    path.write_text("no folder")
    yield


def test_a_fault_of_an_open_file_is_one_line_too(tmp_path):
    (tmp_path / "study.json").touch()
    with pytest.raises(OverganError, match=r"cannot be written \(Input/output error\)"), explained(tmp_path):
        raise OSError(errno.EIO, os.strerror(errno.EIO), 3)  # its name is its number


class Vanishing:
    """Everything in this process, after which somebody renames the study's folder."""

    def start(self, job):
        finish_groups(job.store, threads=1, device=job.devices[0], stopping=lambda: False)
        self.folder = job.folder

    def working(self):
        self.folder.rename(self.folder.parent / "gone")
        return False

    def stop(self):
        pass


def test_a_folder_that_vanishes_while_nobody_but_the_run_looks_at_it(spec, tmp_path):
    with pytest.raises(OverganError, match=r"study is gone, or its study\.json is, while the study ran; it is left"):
        overgan.run(spec, tmp_path / "study", executor=f"{__name__}:Vanishing", workers=1, threads=1)
