"""Workers, studies and reports that are killed: what is done once more, and that it ends with the same bits."""

import hashlib
import os
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import overgan
from overgan import signals
from overgan.study import WorkerError
from overgan.training import read_checkpoint
from tests.forked import Forked, children, forked_command, forked_worker
from tests.study.test_runner import HERE, results

pytestmark = pytest.mark.slow
TINY = """
name: tiny
data: {name: digits}
model: {name: mlp, latent: 4, depth: 2}
widths: [2, 4, 8]
seeds: [0, 1]
train: {iterations: 12, batch: 4, critic_steps: 2, log_every: 4, evaluate_every: 6, checkpoint_seconds: 0}
evaluate: {features: [pixels], samples: 100, draws: 2}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A spec and, from this process, its study; which also imports what forked processes then have."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny.yaml").write_text(TINY)
    return overgan.run(folder / "tiny.yaml", folder / "study", threads=1, **HERE)


@pytest.fixture
def run(tiny, tmp_path, monkeypatch):
    """The study in another folder, by two workers that are forked."""
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    monkeypatch.setattr("overgan.study._finish.POLL_SECONDS", 0.02)
    spec = tiny.folder.parent / "tiny.yaml"
    return lambda **more: overgan.run(spec, tmp_path / "study", workers=2, threads=1, **more)


def killed_in(monkeypatch, widths, times, number=signal.SIGKILL):
    """Each worker kills itself at the first row of losses of these widths, as often as the times say, in all."""
    from overgan.training import _loop

    append, begun = _loop.append_jsonl, os.getpid()

    def kill(path, rows):
        append(path, rows)
        width = int(path.parent.name[1:])
        counter = path.parent.parent / f"died-{width}"
        count = len(counter.read_text()) if counter.exists() else 0
        if width in widths and count < times and os.getpid() != begun:
            counter.write_text("x" * (count + 1))
            os.kill(os.getpid(), number)

    monkeypatch.setattr(_loop, "append_jsonl", kill)


def test_a_killed_workers_group_is_tried_once_more_with_the_same_bits(run, tiny, tmp_path, monkeypatch, caplog):
    killed_in(monkeypatch, [4, 8], 1)
    study = run()
    assert results(study.folder) == results(tiny.folder)
    for width in (4, 8):
        notice = f"overgan: a worker at k = {width} was killed by SIGKILL; its output is in "
        assert sum(message.startswith(notice) for message in caplog.messages) == 1


def test_a_group_whose_worker_is_killed_twice_is_left_and_the_others_are_finished(
    run, tiny, tmp_path, monkeypatch, caplog
):
    killed_in(monkeypatch, [8], 99)
    with pytest.raises(WorkerError) as caught:
        run()
    log = tmp_path / "study" / "worker-0.log"
    end = "the same command goes on from the last checkpoint"
    assert str(caught.value) in {
        f"not finished: a second worker at k = 8 was killed by SIGKILL; its output is in {log.with_name(name)}; {end}"
        for name in ("worker-0.log", "worker-1.log")
    }
    assert (tmp_path / "study" / "died-8").read_text() == "xx"
    assert [group.complete for group in overgan.load(tmp_path / "study").status()] == [True, True, False]
    (tmp_path / "study" / "died-8").write_text("x" * 99)
    assert results(run().folder) == results(tiny.folder)
    assert not log.exists()


def test_a_study_that_decides_itself_ends_when_a_worker_is_killed_twice(run, tiny, tmp_path, monkeypatch):
    """The others would wait for the width that is left, without which there is no next round."""
    monkeypatch.setattr("overgan.study.gan._planner.next_round", lambda *_: None)
    killed_in(monkeypatch, [2], 99)
    with pytest.raises(WorkerError, match="not finished: a second worker at k = 2 was killed by SIGKILL"):
        run(until_sure=True)
    (tmp_path / "study" / "died-2").write_text("x" * 99)
    assert results(run(until_sure=True).folder) == results(tiny.folder)


def test_workers_that_cannot_begin_are_not_started_for_ever(run, tiny, tmp_path, monkeypatch, caplog):
    from overgan.study.execute import _groups

    begun = os.getpid()
    read = _groups.read_description

    def killed(folder):
        if os.getpid() != begun:
            os.kill(os.getpid(), signal.SIGKILL)
        return read(folder)

    monkeypatch.setattr(_groups, "read_description", killed)
    with pytest.raises(WorkerError, match="not finished: a second worker before its first width was killed by SIGKILL"):
        run()
    assert len(caplog.messages) == 1


def test_a_worker_that_somebody_stops_is_started_again(run, tiny, tmp_path, monkeypatch):
    """One that is told to stop ends well, but its group is not finished, and so neither is the study."""
    killed_in(monkeypatch, [8], 1, signal.SIGTERM)
    study = run()
    assert (study.folder / "died-8").read_text() == "x"
    assert results(study.folder) == results(tiny.folder)


def test_an_error_that_nobody_expected_is_named(run, tiny, tmp_path, monkeypatch):
    from overgan.training import _loop

    def fails(*_):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(_loop, "append_jsonl", fails)
    with pytest.raises(WorkerError, match=r"k = 2 ended with exit code 1 \(ZeroDivisionError: by nothing\)"):
        run()
    log = Path(tmp_path / "study" / "worker-0.log").read_text()
    assert "Traceback" in log


def dies_at(operation, do):
    """Call do() and die at so many operations on files: before one is made durable or renamed, or half written."""
    from overgan.training import _loop

    left = operation

    def dies():
        nonlocal left
        left -= 1
        return left == 0

    def counted(function):
        def call(*arguments):
            if dies():
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments)

        return call

    append = _loop.append_jsonl

    def append_half(path, rows):
        append(path, rows)
        if dies():
            os.truncate(path, path.stat().st_size - 20)
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync, os.replace, _loop.append_jsonl = counted(os.fsync), counted(os.replace), append_half
    do()


def test_killed_at_twenty_operations_on_files_it_ends_with_the_same_bits(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.study._finish.POLL_SECONDS", 0.0)
    draw, kills, folder = np.random.default_rng(14), 0, tmp_path / "study"
    again = partial(overgan.run, tiny.folder.parent / "tiny.yaml", folder, threads=1, **HERE)
    ended = None
    while ended != 0:
        ended = Forked(
            partial(dies_at, int(draw.integers(1, 51)) if kills < 20 else 0, lambda: again() and None)
        ).wait()
        assert ended in (0, -signal.SIGKILL)
        kills += ended != 0
    assert kills >= 15
    assert results(folder) == results(tiny.folder)


def test_a_report_that_is_killed_while_it_is_written_leaves_a_whole_page(tiny):
    page = overgan.write_report(tiny.folder, figures=False)
    before = page.read_bytes()
    write = partial(overgan.write_report, tiny.folder, figures=False)
    for operation in (1, 2):
        assert Forked(partial(dies_at, operation, write)).wait() == -signal.SIGKILL
        assert page.read_bytes() == before


def test_drivers_and_workers_killed_at_random_instants_leave_the_same_bits(run, tiny):
    draw = np.random.default_rng(14)
    for victims in 2 * ("driver", "worker", "both"):
        driver = Forked(lambda: run() and None)
        time.sleep(draw.uniform(0.05, 0.6))
        while not (workers := children(driver.pid)) and driver.poll() is None:
            time.sleep(0.002)
        if victims != "worker":
            driver.kill()
        for pid in workers[: victims != "driver"]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert driver.wait() in (0, -signal.SIGKILL)
    assert results(run().folder) == results(tiny.folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_command_says_at_once_that_it_stops_and_goes_on_to_the_same_bits(run, tiny, tmp_path, number):
    heard, told = os.pipe()
    command = forked_command(
        "run", tiny.folder.parent / "tiny.yaml", "--out", tmp_path / "study", "--threads", "1", stderr=told
    )
    os.close(told)
    while not list(tmp_path.glob("study/k*/log.jsonl")):
        assert command.poll() is None
        time.sleep(0.005)
    command.send_signal(number)
    with os.fdopen(heard) as errors:
        assert errors.readline() == "overgan: stopping\n"
        assert errors.read() == "overgan: stopped; the same command goes on from the last checkpoint\n"
    assert command.wait() == 128 + number
    assert results(run().folder) == results(tiny.folder)


def test_a_worker_that_cannot_stop_is_killed(run, tmp_path, monkeypatch):
    """A run of theory has no checkpoints; one of 10⁸ steps takes a minute."""
    monkeypatch.setattr("overgan.study.execute._local.STOP_SECONDS", 0.5)
    (tmp_path / "long.yaml").write_text(
        "{name: long, kind: shallow, problem: {n: 50, d: 3, m: 2}, methods: {GDA: {method: gda, eta: 1e-9}}, "
        "widths: [3], seeds: [0], steps: 100000000, tol: 0.0}"
    )
    command = forked_command("run", tmp_path / "long.yaml", "--out", tmp_path / "study", "--quiet")
    while not (tmp_path / "study" / "k0003").exists():
        assert command.poll() is None
        time.sleep(0.005)
    time.sleep(0.5)
    (worker,) = children(command.pid)
    command.terminate()
    begun = time.monotonic()
    assert command.wait() == 143
    assert time.monotonic() - begun < 40  # of a minute; half a second on a machine that is free
    assert not Path(f"/proc/{worker}").exists()


def test_a_command_deep_in_a_library_ends_in_time(monkeypatch):
    monkeypatch.setattr(signals, "LIMIT_SECONDS", 0.2)

    def busy():
        with signals.ending_in_time():
            os.write(1, b"busy")
            hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # no Python code runs for minutes

    process = Forked(busy, stdout=subprocess.PIPE)
    assert process.stdout.read(4) == b"busy"
    process.terminate()
    assert process.wait(20) == 143
    process.stdout.close()


def test_signals_are_as_before_once_the_command_is_over(capfd):
    was = signal.signal(signal.SIGINT, before := signal.default_int_handler)  # a suite in the background ignores it
    with signals.ending_in_time():
        assert signal.getsignal(signal.SIGINT) != before
        signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.raise_signal(signal.SIGUSR1)  # of another kind: nothing ends
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    assert signal.signal(signal.SIGINT, was) == before
    assert signal.set_wakeup_fd(-1) == -1
    time.sleep(0.05)
    assert "stopping" not in capfd.readouterr().err


def test_a_study_is_read_while_every_iteration_of_it_is_saved(tiny, tmp_path, caplog):
    spec, folder = tiny.folder.parent / "tiny.yaml", tmp_path / "study"
    changes = ["widths=[2]", "train.iterations=5000", "train.log_every=1", "train.evaluate_every=5"]
    writer = Forked(lambda: overgan.run(spec, folder, changes, threads=1, **HERE) and None)
    try:
        while not list(folder.glob("k*/checkpoint.json")):
            assert writer.poll() is None
            time.sleep(0.002)
        study, seen = overgan.load(folder), set()
        while len(seen) <= 20:
            assert study.status()[0].total == 5000
            assert study.sample(2, 0, 2).shape == (2, 8, 8, 1)
            frame = study.frame()
            assert len(frame) == 2 * frame.iteration.nunique()
            seen.add(read_checkpoint(study.group(2)).iteration)
            assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
    assert caplog.messages == []
