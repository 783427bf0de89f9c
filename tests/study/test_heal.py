"""Files that can be made again are made again, with a notice."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

import overgan
from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.study import load_spec
from overgan.training import read_checkpoint
from tests.conftest import digest
from tests.forked import Forked
from tests.study.test_runner import HERE

pytestmark = pytest.mark.slow


@pytest.fixture
def study(small_study, tmp_path):
    shutil.copytree(small_study / "study", tmp_path / "study")
    return overgan.load(tmp_path / "study")


def damaged(content):
    """Every truncation, one flipped bit of every byte, JSON that means something else."""
    yield from (content[:length] for length in range(len(content)))
    yield from (content[:i] + bytes([content[i] ^ 1 << i % 8]) + content[i + 1 :] for i in range(len(content)))
    yield from (b"5", b"[]", b'{"iteration": -1, "seconds": 1.0}', b'{"iteration": 10000, "seconds": 1.0}')


def test_damaged_progress_is_never_refused(study, caplog):
    good = study.group_status(4)
    path = study.group(4) / "progress.json"
    content = path.read_bytes()
    told = 0
    for bad in damaged(content):
        path.write_bytes(bad)
        caplog.clear()
        status = study.group_status(4)
        assert (status.done, status.complete, status.total) == (60, True, 60)
        if caplog.messages:
            told += 1
            assert "progress.json was damaged or missing" in caplog.text
            assert status.value == pytest.approx(good.value)
            assert status.seconds == read_checkpoint(study.group(4)).seconds
            assert study.group_status(4) == status  # what was written in its place is taken
            assert len(caplog.messages) == 1
    assert told > 1.5 * len(content)  # a digit of the seconds or of the distance may pass


def test_missing_progress_is_made_again_by_status_report_and_run(study, small_study, caplog):
    path = study.group(8) / "progress.json"
    before = json.loads(path.read_bytes())
    other = {p: digest(p.read_bytes()) for p in study.folder.rglob("k*/*.jsonl")}
    for command in (
        lambda: study.status(),
        lambda: overgan.write_report(study.folder, figures=False),
        lambda: overgan.run(small_study / "small.yaml", study.folder, **HERE),
    ):
        path.unlink()
        caplog.clear()
        command()
        assert "progress.json was damaged or missing" in caplog.text
        assert json.loads(path.read_bytes()) == pytest.approx(before)
    assert {p: digest(p.read_bytes()) for p in other} == other


@pytest.mark.parametrize("name", ["study.json", "images.npz"])
def test_a_run_that_was_killed_in_its_first_write_is_started_again(name, small_spec, tmp_path):
    """The process is killed between writing the temporary file and renaming it."""
    folder = tmp_path / "study"
    folder.mkdir()

    def die():
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        write_atomic(folder / name, b"{")

    assert Forked(die).wait() == -signal.SIGKILL
    (left,) = folder.iterdir()
    assert left.name.startswith(f".{name}.")
    study = overgan.run(small_spec, folder, ["widths=[2]", "train.iterations=20"], **HERE)
    assert study.status()[0].complete


def test_a_run_of_a_dict_that_was_killed_before_its_spec_was_written_goes_on(small_spec, tmp_path, monkeypatch):
    spec = load_spec(small_spec, ["widths=[2]"])

    def killed(*_):
        raise KeyboardInterrupt

    for write in ("write_description", "write_atomic"):
        with monkeypatch.context() as patch:
            patch.setattr(f"overgan.study._run.{write}", killed)
            with pytest.raises(KeyboardInterrupt):
                overgan.run(spec, tmp_path / "study", **HERE)
    assert overgan.run(spec, tmp_path / "study", **HERE).status()[0].complete
    assert (tmp_path / "study" / "spec.yaml").exists()


def test_hidden_files_of_others_still_block(small_spec, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / ".thesis.abcdefgh").write_text("years of work")
    with pytest.raises(OverganError, match="is not empty and holds no study"):
        overgan.run(small_spec, tmp_path / "study")


NETWORK = """
from torch import nn

def build(width, shape):
    import helper_of_mine  # when it is called, long after the import of this module

    generator = nn.Sequential(nn.Linear(4, width), nn.Linear(width, 64), nn.Unflatten(1, (1, 8, 8)))
    critic = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 1), nn.Flatten(0))
    return generator, critic
"""


STARTS = [["-m", "overgan"], ["-c", "import sys; sys.path.pop(0); import overgan.cli as c; c.main()"]]


def test_modules_of_the_current_folder_are_not_imported_but_for_the_users_own(small_spec, tmp_path):
    """By processes: a module is there for every name that overgan and its workers import, and would end them."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in (
        "random",
        "numpy",
        "torch",
        "safetensors",
        "yaml",
        "filelock",
        "scipy",
        "pandas",
        "omegaconf",
        "typer",
    ):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{name} '); 1 / 0")
    (folder / "mine.py").write_text(NETWORK)
    (folder / "helper_of_mine.py").write_text("")
    more = [
        "--set",
        "model.name=mine:build",
        "--set",
        "widths=[2]",
        "--set",
        "train.iterations=20",
        "--workers",
        "1",
        "--threads",
        "1",
    ]
    for start in STARTS:  # the second one finds the study done: its own process imports no less
        command = [sys.executable, *start, "run", str(small_spec), "--out", "study", *more]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert not (tmp_path / "imported").exists(), (tmp_path / "imported").read_text()
        assert ended.returncode == 0, ended.stderr
        assert overgan.load(folder / "study").status()[0].complete
