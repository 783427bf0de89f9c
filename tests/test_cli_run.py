"""What `overgan run` shows, from its first second to its last."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

import overgan
from overgan.cli import _watch, app
from overgan.cli._opening import print_heading, print_opening
from overgan.cli._renewal import renewed_report
from overgan.errors import OverganError
from overgan.stores import LeaseLostError
from overgan.study import EXECUTORS, GroupStatus, Job, load_spec
from overgan.study._opening import Opening
from tests.extension.executor import InProcess
from tests.forked import forked_command, forked_worker
from tests.test_extension import COIN


def group(width, done, seconds, result="", total=1000):
    return GroupStatus(width, "iteration", done, total, seconds, result, 0, done == total)


def opening(groups=(), **changed):
    spec = load_spec("quickstart")
    values = {"folder": Path("runs/quickstart"), "devices": ["cpu"], "workers": 2, "threads": 1, "groups": list(groups)}
    return Opening(spec, **values | changed)


def coin(tmp_path, monkeypatch, *more):
    """The output of a study that is over in an instant, in this process."""
    monkeypatch.setitem(EXECUTORS.entries, "local", "tests.extension.executor:InProcess")
    (tmp_path / "coin.yaml").write_text(yaml.safe_dump(COIN))
    words = ["run", str(tmp_path / "coin.yaml"), "--out", str(tmp_path / "coin"), *more]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_folder_may_be_named_as_an_address_of_this_machine(tmp_path, monkeypatch):
    coin(tmp_path, monkeypatch, "--out", f"file://{tmp_path}/other")
    assert overgan.load(tmp_path / "other", trust=True).spec.name == "coin"


def test_a_limit_of_processes_is_not_taken_for_a_full_disk(tmp_path, monkeypatch):
    error = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    monkeypatch.setattr("overgan.study.execute._local.Popen", MagicMock(side_effect=error))
    with pytest.raises(OverganError) as refused:
        overgan.run(COIN, tmp_path / "coin", workers=1, threads=1)
    assert str(refused.value) == "the machine refuses: Resource temporarily unavailable; the same command goes on"


def test_it_says_what_where_on_what_and_for_how_long_before_it_begins(capsys, monkeypatch):
    monkeypatch.setattr("overgan.study._opening.study_seconds", lambda _spec, _workers: 83.0)
    print_heading(load_spec("quickstart"))
    print_opening(opening())
    assert capsys.readouterr().out.splitlines() == [
        "quickstart: mlp on digits, 1,000 iterations, 8 widths (k = 2 … 256) × 5 seeds",
        "folder    runs/quickstart, new",
        "device    cpu: 2 workers × 1 thread",
        "time      about 1 min 23 s in all; overgan plan says what that counts",
        "report    runs/quickstart/report.html, from the first evaluation on",
        "stop      Ctrl-C; the same command goes on from the last checkpoint",
    ]


def test_the_time_is_for_the_workers_at_hand_and_only_of_what_was_measured_on_the_cpu(monkeypatch):
    monkeypatch.setattr("overgan.study._opening.study_seconds", lambda _spec, workers: 166.0 / workers)
    assert opening(workers=1).seconds == 166
    assert opening(devices=["cuda:0"]).seconds is None
    monkeypatch.setattr("overgan.study._opening.study_seconds", lambda _spec, _workers: None)
    assert opening().seconds is None


def test_a_study_that_goes_on_says_from_where_and_how_long_at_its_pace(capsys):
    print_opening(opening([group(2, 0, 0.0), group(4, 400, 40.0), group(8, 1000, 200.0)], workers=1))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "folder    runs/quickstart, 1 of 3 widths done, k = 4 at 400 of 1,000 iterations"
    assert lines[2] == "time      about 1 min 50 s more, evaluations not counted"  # 60 s of k = 4, 50 s of k = 2


def test_the_opening_fits_80_columns_but_breaks_no_path(capsys):
    path = "/scratch/" + "a-long-name/" * 8 + "study"
    print_opening(opening([group(k, 10, 1.0) for k in (2, 4, 8, 16)], folder=Path(path)))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 or path in line for line in lines)
    assert any(f"{path}," in line for line in lines)


def test_a_scaled_study_says_so(capsys):
    print_heading(load_spec("quickstart", scale=0.01))
    assert "scale     Run at 0.01 of full scale: 1% of the iterations and samples" in capsys.readouterr().out


@pytest.mark.slow
def test_the_first_line_comes_before_pytorch_is_imported(tmp_path):
    code = (
        "import sys; from overgan.cli import app\n"
        "class First:\n"
        "    def write(self, text):\n"
        "        sys.stderr.write(f'{\"torch\" in sys.modules} {text}')\n"
        "        sys.stderr.flush()\n"
        "        raise SystemExit\n"
        "    def flush(self): pass\n"
        "sys.stdout = First()\n"
        "app(['run', 'quickstart', '--out', 'study'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.stderr.startswith("False quickstart: mlp on digits"), result.stderr


def test_without_a_terminal_there_is_a_line_a_minute_and_one_a_finished_width(capsys):
    now = 0.0
    watch = _watch.lines(workers=1, clock=lambda: now)

    def at(seconds, *groups):
        nonlocal now
        now = seconds
        watch(list(groups))
        return capsys.readouterr().out

    begun = group(4, 100, 10.0), group(8, 0, 0.0)
    assert at(1, group(4, 0, 0.0), group(8, 0, 0.0)) == ""
    assert at(9, *begun) == ""  # the first pace, which may not last
    assert at(15, *begun) == "15 s: 3% done, about 4 min 50 s left, k = 4 at 100 of 1,000 iterations\n"
    assert at(74, *begun) == ""
    assert at(76, *begun).startswith("1 min 16 s: 3% done")
    done = group(4, 1000, 90.0, "test FID 3"), group(8, 300, 60.0)
    assert at(100, *done) == "k = 4: 1,000 iterations in 1 min 30 s, test FID 3, 0 diverged\n"
    assert at(137, *done).startswith("2 min 17 s: 51% done, about 2 min 20 s left, k = 8 at 300 of")
    assert at(900, done[0], group(8, 1000, 200.0)) == "k = 8: 1,000 iterations in 3 min 20 s, 0 diverged\n"


def test_while_nothing_is_measured_the_line_says_what_is_prepared(capsys):
    now = 0.0
    watch = _watch.lines(workers=1, clock=lambda: now)
    now = 61
    watch([group(4, 0, 0.0)])
    assert capsys.readouterr().out.startswith("1 min 1 s: preparing: images")


def test_on_a_terminal_there_is_a_bar_a_width_and_below_one_for_all(monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(_watch, "console", screen)
    monkeypatch.setattr("overgan.cli._opening.console", screen)
    with _watch.screen() as (opened, watch):
        opened(opening(workers=1))
        watch([group(2, 0, 0.0), group(16, 250_000, 5000.0, "test FID 2.34", 300_000)])
    shown = re.sub(r"\x1b\[[\d;?]*\w", "\n", screen.file.getvalue())
    *_, narrow, wide, in_all = filter(str.strip, shown.splitlines())
    assert narrow.startswith("k = 2 ")
    assert "waiting" in narrow
    for part in ("k = 16 ━━━━━━━", "250,000/300,000", "50 iterations/s", "test FID 2.34"):
        assert part in wide
    assert in_all.startswith("in all ")
    assert "83%" in in_all  # 5,000 s of 5,000 + 1,000 + 2.5
    assert "16 min 42 s left" in in_all
    assert all(len(line) <= 80 for line in (narrow, wide, in_all))


def test_a_folder_is_refused_before_images_are_decoded(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    np.save(tmp_path / "set.npy", np.zeros((40, 8, 8), np.uint8))
    for workers, out, message in (("1", tmp_path, "not empty"), ("0", tmp_path / "study", "workers")):
        words = ["run", str(tmp_path / "set.npy"), "--out", str(out), "--workers", workers]
        result = CliRunner().invoke(app, words)
        assert isinstance(result.exception, OverganError)
        assert message in str(result.exception)
    assert not (tmp_path / "cache").exists()


def test_quiet_leaves_what_was_found(tmp_path, monkeypatch):
    report, width = coin(tmp_path, monkeypatch, "--quiet").splitlines()
    assert report == f"report: {tmp_path}/coin/report.html"
    assert width.startswith("No recommendation yet; it takes at least three widths")


def test_a_study_goes_on_when_nobody_can_read_what_it_says(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(_watch, "lines", lambda _workers: broken)
    assert "Of what there is, k = 4" in coin(tmp_path, monkeypatch)


def test_threads_are_those_of_each_worker(tmp_path, monkeypatch):
    jobs, start = [], InProcess.start

    def noted(self, job):
        jobs.append(job)
        start(self, job)

    monkeypatch.setattr(InProcess, "start", noted)
    executor = "tests.extension.executor:InProcess"
    study = overgan.run(COIN, tmp_path / "three", workers=1, threads=3, executor=executor)
    assert study.description.machine["threads"] == jobs[0].threads == 3
    monkeypatch.setattr("overgan.study._place.cores", lambda: 9)
    overgan.run(COIN, tmp_path / "share", workers=2, executor=executor)
    assert jobs[1].threads == 4
    with pytest.raises(overgan.OverganError, match="threads is 0; it must be at least 1"):
        overgan.run(COIN, tmp_path / "none", threads=0)
    assert not (tmp_path / "none").exists()


def test_the_local_executor_gives_its_processes_so_many_threads(tmp_path, monkeypatch):
    started = []

    def popen(words, env, **streams):
        started.append((words, env))
        return subprocess.Popen([sys.executable, "-S", "-c", ""], **streams)

    monkeypatch.setattr("overgan.study.execute._local.Popen", popen)
    executor = EXECUTORS["local"]()
    executor.start(Job(tmp_path, str(tmp_path), workers=2, devices=["cpu"], threads=3))
    executor.stop()
    for words, environment in started:
        assert words[words.index(str(tmp_path)) + 1] == "3"
        assert environment["OMP_NUM_THREADS"] == environment["NUMBA_NUM_THREADS"] == "3"
    assert len(started) == 2


@pytest.fixture
def written(monkeypatch):
    """What write_report was called with; it writes nothing."""
    calls = []
    monkeypatch.setattr("overgan.write_report", lambda _folder, **settings: calls.append(settings))
    return calls


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


STUDY = Path("study")
RUNNING, LEFT = ({"figures": False, "refresh": seconds, "trust": True} for seconds in (60, None))
NOTHING, FIRST, SECOND = [group(2, 10, 1.0)], [group(2, 20, 2.0, "FID 3")], [group(2, 30, 3.0, "FID 2")]


def test_the_page_is_written_at_the_first_evaluation_and_not_again_within_a_minute(written):
    with renewed_report(STUDY) as watch:
        watch(NOTHING)
        assert not written
        watch(FIRST)
        until(lambda: written)
        watch(SECOND)
    assert written == [RUNNING]


@pytest.mark.parametrize("has_parts", [False, True])
def test_the_page_of_a_finished_study_is_the_callers_but_not_that_of_a_part(written, has_parts):
    with renewed_report(STUDY, has_parts=has_parts) as watch:
        watch([group(2, 1000, 2.0, "FID 3")])
    assert written == ([RUNNING] if has_parts else [])


def test_after_a_minute_the_page_is_written_again_if_there_is_something_new(written, monkeypatch):
    monkeypatch.setattr("overgan.cli._renewal.APART_SECONDS", 0)
    monkeypatch.setattr("overgan.cli._renewal.SHARE", 1e9)
    with renewed_report(STUDY) as watch:
        for groups, count in ((FIRST, 1), (FIRST, 1), (SECOND, 2), (SECOND, 2)):
            until(lambda groups=groups, count=count: watch(groups) or len(written) >= count)
            assert len(written) == count


def test_a_page_that_takes_long_is_written_less_often(monkeypatch):
    ends = []

    def write(*_, **__):
        time.sleep(0.1)
        ends.append(time.monotonic())

    monkeypatch.setattr("overgan.write_report", write)
    monkeypatch.setattr("overgan.cli._renewal.APART_SECONDS", 0)
    monkeypatch.setattr("overgan.cli._renewal.SHARE", 0.2)
    with renewed_report(STUDY) as watch:
        watch(FIRST)
        until(lambda: watch(SECOND) or len(ends) == 2)
    assert ends[1] - ends[0] >= 0.1 / 0.2 + 0.1  # the pause, and the second writing itself


def test_a_page_that_cannot_be_written_is_said_once_and_the_study_goes_on(monkeypatch, caplog):
    def write(*_, **__):
        raise overgan.OverganError("report.html cannot be written (no space); make room")

    monkeypatch.setattr("overgan.write_report", write)
    monkeypatch.setattr("overgan.cli._renewal.APART_SECONDS", 0)
    monkeypatch.setattr("overgan.cli._renewal.SHARE", 1e9)
    with renewed_report(STUDY) as watch:
        watch(FIRST)
        until(lambda: caplog.messages)
        watch(SECOND)
    (message,) = caplog.messages
    assert message.startswith("overgan: the study goes on, but without its report: report.html cannot be written")


def test_the_page_of_a_study_that_is_stopped_no_longer_loads_itself_anew(written):
    def stopped_on_the_way():
        with renewed_report(STUDY) as watch:
            watch(FIRST)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_on_the_way()
    assert written == [RUNNING, LEFT]


def test_the_page_of_a_study_that_was_taken_over_is_left_to_who_has_it(written):
    with pytest.raises(LeaseLostError), renewed_report(STUDY) as watch:  # noqa: PT012
        watch(FIRST)
        raise LeaseLostError("taken over")
    assert written == [RUNNING]


@pytest.fixture
def start(small_spec, tmp_path, monkeypatch):
    """Start the command on a study that takes minutes; its process and error output, and the study's folder."""
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)

    def started(*ignoring):
        heard, told = os.pipe()
        more = ["--workers", "1", "--threads", "1", "--set", "train.iterations=100000"]
        words = ["run", small_spec, "--out", tmp_path / "study", *more]
        process = forked_command(*words, stderr=told, ignoring=ignoring)
        os.close(told)
        return process, os.fdopen(heard), tmp_path / "study"

    return started


def until_there(process, errors, path):
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, errors.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


STOPPED = "overgan: stopping\novergan: stopped; the same command goes on from the last checkpoint\n"


@pytest.mark.slow
def test_a_running_study_has_a_page_and_a_closed_terminal_stops_it_as_ctrl_c_does(start):
    process, errors, folder = start()
    page = folder / "report.html"
    until_there(process, errors, page)
    assert 'http-equiv="refresh" content="60"' in page.read_text()
    os.killpg(process.pid, signal.SIGHUP)  # the workers get it, too
    assert process.wait() == 129
    with errors:
        assert errors.read() == STOPPED
    assert 'http-equiv="refresh"' not in page.read_text()
    assert not list(folder.glob("worker-*.log"))  # it ended in order
    checkpoint = json.loads((folder / "k0008" / "checkpoint.json").read_text())
    assert checkpoint["iteration"] == json.loads((folder / "k0008" / "progress.json").read_text())["iteration"]


@pytest.mark.slow
def test_under_nohup_a_closed_terminal_stops_nothing(start):
    process, errors, folder = start(signal.SIGHUP)
    until_there(process, errors, folder / "k0008" / "checkpoint.json")
    os.killpg(process.pid, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.terminate()
    assert process.wait() == 143
    with errors:
        assert errors.read() == STOPPED


def test_a_scaled_study_without_a_recommendation_says_its_scale_too(tmp_path, monkeypatch):
    def none(_study):
        raise OverganError("all runs diverged")

    monkeypatch.setattr("overgan.cli._run.print_headlines", none)
    *_, why, scale = coin(tmp_path, monkeypatch, "--quiet", "--scale", "0.5").splitlines()
    assert why == "no width can be recommended: all runs diverged"
    assert scale.startswith("Run at 0.5 of full scale: 50% of the iterations and samples")


def test_a_command_that_is_stopped_while_it_writes_the_last_report_says_how_it_goes_on(monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise SystemExit(143)

    monkeypatch.setattr("overgan.write_report", stopped)
    study = SimpleNamespace(folder=tmp_path, status=list, spec=SimpleNamespace(parts={}))
    monkeypatch.setattr("overgan.run", lambda *_, **__: study)
    result = CliRunner().invoke(app, ["run", "quickstart", "--out", str(tmp_path / "study"), "--quiet"])
    assert (result.exit_code, result.stderr) == (
        143,
        "overgan: stopped; the same command goes on from the last checkpoint\n",
    )
