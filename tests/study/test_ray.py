"""Studies on Ray: three nodes on one machine, one killed and one added; a driver killed and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import overgan
from overgan.errors import OverganError
from overgan.study import EXECUTORS, Job, WorkerError
from overgan.study.execute._environment import worker_environment
from overgan.study.execute._ray import _placed
from tests.study.test_runner import results

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
        ({"options": {"gpus": 1.5}}, "gpus is 1.5; it must be a share of one GPU or a whole number"),
        ({"options": {"gpus": 1}, "devices": ["cpu"]}, "gpus is 1; it must be left out where the device is cpu"),
    ],
)
def test_options_that_ray_does_not_have(changed, message):
    with pytest.raises(OverganError, match=message):
        EXECUTORS["ray"].check(job(**changed))


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
        with pytest.raises(OverganError, match="but Ray has 0 of .* GPUs; add a node"):
            _placed(job(**changed), 0)


@pytest.fixture(scope="module")
def cluster():
    """A Ray whose head has no room for groups, and three nodes with room for one each."""
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(3):
        nodes.add_node(num_cpus=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", nodes.address)
        patch.setattr("overgan.study._run.POLL_SECONDS", 0.02)
        yield nodes
    nodes.shutdown()


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
def test_a_node_killed_in_the_middle_of_a_group_and_one_added_change_no_bit(small_study, cluster, tmp_path):
    folder, killed = tmp_path / "study", []
    raylets = {node.all_processes["raylet"][0].process.pid: node for node in cluster.worker_nodes}

    def kill_a_node(groups):
        for group in groups:
            begun = folder / f"k000{group.width}"
            if killed or group.complete or not (begun / "checkpoint.json").exists():
                continue
            if worker := holder((begun / ".lock").resolve()):
                killed.append(group.width)
                cluster.remove_node(raylets[parent(worker)], allow_graceful=False)
                cluster.add_node(num_cpus=1)

    study = overgan.run(small_study / "small.yaml", folder, executor="ray://auto", watch=kill_a_node)
    assert killed
    assert results(study.folder) == results(small_study / "study")
