"""Studies on Ray: three nodes on one machine, one killed and one added; a driver killed and started again."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import overgan
from overgan.errors import OverganError
from overgan.study import EXECUTORS, Job, WorkerError, read_rounds
from overgan.study._rounds import Round
from overgan.study.execute._ray import _join, _placed
from overgan.study.execute._ray_task import Outcome, finish_on_node
from overgan.version import __version__
from tests.study.test_runner import HERE, results
from tests.test_extension import COIN

SHALLOW = {
    "name": "shallow",
    "kind": "shallow",
    "problem": {"target": "gaussian", "n": 50, "d": 4, "m": 2},
    "methods": {"GDA": {"method": "gda", "mu": 0.3}},
    "widths": [20, 40],
    "seeds": list(range(40)),
    "steps": 20_000,
    "tol": 0.0,
}


def job(folder=Path("study"), **changed):
    values = {"workers": 2, "devices": ["auto"], "threads": 1, "widths": [2]}
    return Job(folder, str(folder), **values | changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"options": {"slurm": "time=5"}}, "slurm: ray has no such option"),
        ({"options": {"gpus": 0}}, "gpus is 0; it must be above 0"),
        ({"options": {"gpus": float("inf")}}, "gpus is inf; it must be above 0"),
        ({"options": {"gpus": 1.5}}, "gpus is 1.5; it must be a share of one GPU or a whole number"),
        ({"options": {"gpus": 1}, "devices": ["cpu"]}, "gpus is 1; it must be left out where the device is cpu"),
    ],
)
def test_options_that_ray_does_not_have(changed, message):
    with pytest.raises(OverganError, match=message):
        EXECUTORS["ray"].check(job(**changed))


@pytest.mark.parametrize(
    ("executor", "options", "message"),
    [
        ("ray:auto", {}, "no executor ray:auto; write ray://auto"),
        ("local://auto", {}, "executor: local takes no address; write local alone"),
        ("local", {"gpus": 1}, "gpus: local has no such option; leave it out"),
    ],
)
def test_an_executor_that_is_not_written_as_it_should_be(executor, options, message, tmp_path):
    with pytest.raises(OverganError, match=message):
        overgan.run(SHALLOW, tmp_path / "study", executor=executor, options=options)


def test_a_machine_without_a_cluster_is_told_how_to_start_one(monkeypatch):
    def none_found(*_arguments, **_settings):
        raise ConnectionError

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr("ray.init", none_found)
    with pytest.raises(
        OverganError, match=r"executor ray://auto: no cluster of Ray runs on this machine, .* ray start"
    ):
        _join("auto", 1)


def test_without_the_package_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr("overgan.study.execute._options.find_spec", lambda _name: None)
    with pytest.raises(
        OverganError, match=r'executor ray needs a package; install it with pip install "overgan\[ray\]"'
    ):
        overgan.run(SHALLOW, tmp_path / "study", executor="ray")
    assert not (tmp_path / "study").exists()


def test_a_group_takes_a_gpu_or_a_share_of_one_where_there_are_gpus():
    assert _placed(job(), 0) == ("cpu", 0)
    assert _placed(job(), 4) == ("cuda", 1)
    assert _placed(job(devices=["cpu"]), 4) == ("cpu", 0)
    assert _placed(job(options={"gpus": 0.5}), 4) == ("cuda", 0.5)
    assert _placed(job(devices=["cuda"], options={"gpus": 2}), 4) == ("cuda", 2)
    for changed in ({"devices": ["cuda"]}, {"options": {"gpus": 0.5}}):
        with pytest.raises(OverganError, match=r"but Ray has 0 of .* GPUs; add a node"):
            _placed(job(**changed), 0)


@pytest.fixture(scope="module")
def cluster():
    """A Ray whose head has no room for groups, and three nodes with room for one each."""
    import ray
    from ray.cluster_utils import Cluster

    # else a node that is slow on a busy machine counts as dead, and workers are gone before the next test needs them
    patient = {"health_check_timeout_ms": 60_000, "idle_worker_killing_time_threshold_ms": 60_000}
    unseen = {"include_dashboard": False, "no_monitor": True, "include_log_monitor": False}
    head = {"num_cpus": 0, "_system_config": patient} | unseen
    root = str(Path(__file__).parents[2])  # else an installed package may have brought another `tests`
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]))
        nodes = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(3):
            nodes.add_node(num_cpus=1)
        patch.setenv("RAY_ADDRESS", nodes.address)
        patch.setattr("overgan.study._finish.POLL_SECONDS", 0.02)
        yield nodes
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture
def joined(cluster):
    """This process stays joined to it, so that the workers of one test, with all imported, serve the next one."""
    import ray

    if not ray.is_initialized():
        _join("auto", 1)
    return cluster


@pytest.fixture
def apart():
    """This process is joined to no Ray."""
    import ray

    ray.shutdown()


def holder(lock):
    """The process that has the file open, if any."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == lock:
                return int(link.parts[2])
        except OSError:
            continue
    return None


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


@pytest.mark.slow
def test_a_node_killed_in_the_middle_of_a_group_and_one_added_change_no_bit(small_study, joined, tmp_path):
    folder, killed = tmp_path / "study", []
    raylets = {node.all_processes["raylet"][0].process.pid: node for node in joined.worker_nodes}

    def kill_a_node(groups):
        for group in groups:
            begun = folder / f"k000{group.width}"
            if killed or group.complete or not (begun / "checkpoint.json").exists():
                continue
            if worker := holder((begun / ".lock").resolve()):
                killed.append(group.width)
                joined.remove_node(raylets[parent(worker)], allow_graceful=False)
                joined.add_node(num_cpus=1)

    study = overgan.run(small_study / "small.yaml", folder, executor="ray://auto", watch=kill_a_node)
    assert killed
    assert results(study.folder) == results(small_study / "study")


@pytest.mark.slow
def test_a_study_that_decides_itself_goes_from_round_to_round(small_spec, joined, tmp_path, monkeypatch):
    """This process decides; a task trains a group of a round, the seeds that are added among them."""
    rounds = [
        Round(move="seeds", why="more.", seeds={2: 3, 4: 2}, iterations=8),
        Round(move="longer", why="longer.", seeds={2: 3, 4: 2}, iterations=12),
    ]
    decide = lambda *given: dict(enumerate(rounds, 1)).get(len(given[-1].rounds))  # noqa: E731
    monkeypatch.setattr("overgan.study.gan._planner.next_round", decide)
    changes = ["widths=[2,4]", "train.iterations=8", "train.log_every=4", "train.evaluate_every=4"]
    there = overgan.run(small_spec, tmp_path / "there", changes, executor="ray://auto", until_sure=True)
    here = overgan.run(small_spec, tmp_path / "here", changes, **HERE, threads=1, until_sure=True)
    assert [of.move for of in read_rounds(there.folder).rounds] == ["begin", "seeds", "longer"]
    assert read_rounds(there.folder) == read_rounds(here.folder)
    assert results(there.folder) == results(here.folder)


def rows(folder):
    """What the runs of a shallow study gave, but for their seconds."""
    frame = overgan.load(folder).frame().drop(columns="seconds")
    return frame.sort_values(["k", "seed"]).reset_index(drop=True)


def written(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("k*/residuals-*.npz")}


@pytest.mark.slow
def test_a_driver_killed_or_stopped_and_started_again_goes_on_with_what_is_left(joined, tmp_path):
    (tmp_path / "shallow.yaml").write_text(yaml.safe_dump(SHALLOW))
    folder, in_all = tmp_path / "study", len(SHALLOW["seeds"]) * len(SHALLOW["widths"])
    words = ["run", str(tmp_path / "shallow.yaml"), "--out", str(folder), "--on", "ray://auto", "--workers", "1"]
    driver = subprocess.Popen([sys.executable, "-m", "overgan", *words], stdout=subprocess.DEVNULL)
    while not written(folder):
        assert driver.poll() is None
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    before = written(folder)
    assert 0 < len(before) < in_all

    def press_ctrl_c(_groups):
        if len(written(folder)) > len(before) + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        overgan.run(SHALLOW, folder, executor="ray://auto", workers=1, watch=press_ctrl_c)
    stopped = written(folder)
    time.sleep(0.3)
    assert written(folder) == stopped  # no task is left that trains
    assert len(stopped) < in_all
    overgan.run(SHALLOW, folder, executor="ray://auto")
    ended = written(folder)
    assert len(ended) == in_all
    assert {path: ended[path] for path in stopped} == stopped  # nothing is done twice
    there = overgan.run(SHALLOW, tmp_path / "here", executor="tests.extension.executor:InProcess", workers=1)
    assert rows(folder).equals(rows(there.folder))


@pytest.mark.slow
def test_what_goes_wrong_on_a_node_is_one_line_here(apart, cluster, tmp_path, monkeypatch):
    spec, folder = COIN | {"kind": "tests.study.sleeper:BROKEN"}, tmp_path / "study"
    with pytest.raises(WorkerError) as failed:
        overgan.run(spec, folder, executor="ray://auto")
    log = folder / "worker-k0004.log"
    assert str(failed.value) == (
        f"the worker of k = 4 ended (RuntimeError: no luck); its output is in {log}; "
        "the same command goes on from the last checkpoint"
    )
    assert "in break_down" in log.read_text()
    assert [group.complete for group in overgan.load(folder, trust=True).status()] == [True, False]  # the other goes on
    (folder / "mended").touch()
    with monkeypatch.context() as patch:
        patch.setattr("overgan.study.execute._ray.__version__", "0.0")
        with pytest.raises(OverganError, match=r"has overgan .*, this machine 0\.0; install the same on every node"):
            overgan.run(spec, folder, executor="ray://auto")
    handler = signal.getsignal(signal.SIGTERM)
    overgan.run(spec, folder, executor="ray://auto")
    assert signal.getsignal(signal.SIGTERM) == handler
    assert all(group.complete for group in overgan.load(folder, trust=True).status())


def descendants(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [pid for child in children for pid in descendants(child)]


@pytest.mark.slow
def test_ray_on_this_machine_says_nothing_imports_nothing_from_here_and_ends_with_the_study(tmp_path):
    (tmp_path / "shallow.yaml").write_text(yaml.safe_dump(SHALLOW))
    (tmp_path / "numpy.py").write_text("raise ImportError('a file of the user's is not numpy')")
    words = ["run", "shallow.yaml", "--out", "study", "--on", "ray", "--quiet"]
    driver = subprocess.Popen(
        [sys.executable, "-P", "-m", "overgan", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},  # numba looks for it
    )
    begun = time.monotonic()
    while not written(tmp_path / "study"):
        assert driver.poll() is None, driver.communicate()
        if time.monotonic() > begun + 120:
            driver.kill()
        time.sleep(0.02)
    started = descendants(driver.pid)
    assert len(started) > 3
    driver.terminate()
    output, errors = driver.communicate(timeout=120)
    assert driver.returncode == 143
    assert output == ""
    assert errors == ("overgan: stopping\novergan: stopped; the same command goes on from the last checkpoint\n")
    deadline = time.monotonic() + 120
    while left := [pid for pid in started if Path(f"/proc/{pid}/exe").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_ray_that_cannot_be_reached_is_one_line(apart, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "nonsense")
    with pytest.raises(OverganError, match="executor: Ray at auto cannot be reached"):
        overgan.run(SHALLOW, tmp_path / "study", executor="ray://auto")


def test_a_cluster_that_goes_away_is_no_fault_of_the_folder(monkeypatch):
    def away(*_, **__):
        raise ConnectionError("the client is shutting down")

    monkeypatch.setattr("ray.wait", away)
    with pytest.raises(WorkerError, match=r"^Ray is no longer there \(the client is shutting down\); the same command"):
        EXECUTORS["ray"]().working()


def test_a_node_that_does_not_see_the_folder_says_so(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where the task goes, and stays
    outcome = finish_on_node(2, str(tmp_path / "study"), 1, "cpu", str(tmp_path), __version__)
    message, argument = outcome.mistake
    assert re.search("study is not there on .*; the study's folder must be on a disk that all machines", message)
    assert argument == "out"


def test_what_overgan_says_on_a_node_is_said_here_once(monkeypatch, tmp_path, caplog):
    def say(*_):
        logging.getLogger("overgan.study").warning("overgan: a checkpoint was torn")

    monkeypatch.setattr("overgan.study.execute._ray_task.finish_group", say)
    monkeypatch.chdir(tmp_path)  # where the task goes, and stays
    outcome = finish_on_node(2, str(tmp_path), 1, "cpu", str(tmp_path), __version__)
    assert outcome == Outcome(["overgan: a checkpoint was torn"])
    caplog.clear()
    ray = EXECUTORS["ray"]()
    for _ in range(2):
        ray._pass_on(outcome.notices)
    assert caplog.messages == outcome.notices
