"""Workers that are killed: the others go on, and the group is tried once more."""

import os
import signal
import time
from pathlib import Path

import pytest

import overgan
from overgan.study import WorkerError
from tests.forked import forked_worker
from tests.study.test_runner import results

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def forks(monkeypatch):
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    monkeypatch.setattr("overgan.study._run.POLL_SECONDS", 0.02)


def killed_in(monkeypatch, widths, times, number=signal.SIGKILL):
    """Each worker kills itself at the first row of losses of these widths, as often as the times say, in all."""
    from overgan.training import _loop

    append, begun = _loop.append_jsonl, os.getpid()

    def kill(path, rows):
        append(path, rows)
        width = int(path.parent.name[1:])
        counter = path.parent.parent / f"killed-{width}"
        count = len(counter.read_text()) if counter.exists() else 0
        if width in widths and count < times and os.getpid() != begun:
            counter.write_text("x" * (count + 1))
            os.kill(os.getpid(), number)
            time.sleep(10)

    monkeypatch.setattr(_loop, "append_jsonl", kill)


def run(small_study, tmp_path, **more):
    return overgan.run(small_study / "small.yaml", tmp_path / "study", workers=2, threads=1, **more)


def test_a_killed_workers_group_is_tried_once_more_with_the_same_bits(small_study, tmp_path, monkeypatch, caplog):
    killed_in(monkeypatch, [4, 8], 1)
    study = run(small_study, tmp_path)
    assert results(study.folder) == results(small_study / "study")
    for width in (4, 8):
        notice = f"overgan: a worker at k = {width} was killed by SIGKILL; its output is in "
        assert sum(message.startswith(notice) for message in caplog.messages) == 1


def test_a_group_whose_worker_is_killed_twice_is_left_and_the_others_are_finished(
    small_study, tmp_path, monkeypatch, caplog
):
    killed_in(monkeypatch, [8], 99)
    with pytest.raises(WorkerError) as caught:
        run(small_study, tmp_path)
    log = tmp_path / "study" / "worker-0.log"
    end = "the same command goes on from the last checkpoint"
    assert str(caught.value) in {
        f"not finished: a second worker at k = 8 was killed by SIGKILL; its output is in {log.with_name(name)}; {end}"
        for name in ("worker-0.log", "worker-1.log")
    }
    assert (tmp_path / "study" / "killed-8").read_text() == "xx"
    assert [group.complete for group in overgan.load(tmp_path / "study").status()] == [True, True, False]
    monkeypatch.undo()
    forks_again(monkeypatch)
    assert results(run(small_study, tmp_path).folder) == results(small_study / "study")
    assert not log.exists()


def forks_again(monkeypatch):
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    monkeypatch.setattr("overgan.study._run.POLL_SECONDS", 0.02)


def test_workers_that_cannot_begin_are_not_started_for_ever(small_study, tmp_path, monkeypatch, caplog):
    from overgan.study.execute import _groups

    begun = os.getpid()
    read = _groups.read_description

    def killed(folder):
        if os.getpid() != begun:
            os.kill(os.getpid(), signal.SIGSEGV)
        return read(folder)

    monkeypatch.setattr(_groups, "read_description", killed)
    with pytest.raises(WorkerError, match="not finished: a second worker before its first width was killed by SIGSEGV"):
        run(small_study, tmp_path)
    assert len(caplog.messages) == 1


def test_a_worker_that_somebody_stops_is_started_again(small_study, tmp_path, monkeypatch):
    """One that is told to stop ends well, but its group is not finished, and so neither is the study."""
    killed_in(monkeypatch, [8], 1, signal.SIGTERM)
    study = run(small_study, tmp_path)
    assert (study.folder / "killed-8").read_text() == "x"
    assert results(study.folder) == results(small_study / "study")


def test_an_error_that_nobody_expected_is_named(small_study, tmp_path, monkeypatch):
    from overgan.training import _loop

    def fails(*_):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(_loop, "append_jsonl", fails)
    with pytest.raises(WorkerError, match=r"k = 2 ended with exit code 1 \(ZeroDivisionError: by nothing\)"):
        run(small_study, tmp_path)
    log = Path(tmp_path / "study" / "worker-0.log").read_text()
    assert "Traceback" in log
