"""Studies at an address that decide what to train next: one plan, whichever machines work on it and are lost."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import overgan
from overgan.stores import Remote, _lease, _remote, local, mirror_of
from overgan.study import _hold, finish_groups, read_rounds
from overgan.study._rounds import Round, write_rounds
from overgan.study.execute import _groups
from tests.conftest import SMALL
from tests.forked import Forked
from tests.racing import begun, write_study
from tests.stores.test_study import bits, fetched, restore, snapshots

TINY = ["widths=[2,4]", "train.iterations=8", "train.log_every=4", "train.evaluate_every=4"]
SURE = {"executor": "tests.extension.executor:InProcess", "workers": 1, "threads": 1, "until_sure": True}
ROUNDS = [
    Round(move="seeds", why="more.", seeds={2: 3, 4: 2}, iterations=8),
    Round(move="wider", why="wider.", seeds={2: 3, 4: 2, 8: 2}, iterations=8),
]


@pytest.fixture(scope="module", autouse=True)
def scripted():
    """What is decided after each round, whatever the runs say; the folders in which it was."""
    decided = []

    def next_round(folder, _description, known):
        decided.append(folder)
        return dict(enumerate(ROUNDS, 1)).get(len(known.rounds))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overgan.study.gan._planner.next_round", next_round)
        yield decided


@pytest.fixture(scope="module")
def local_study(tmp_path_factory):
    """The folder of the same study without an address."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "small.yaml").write_text(SMALL)
    study = overgan.run(folder / "small.yaml", folder / "study", TINY, **SURE)
    assert [of.move for of in read_rounds(study.folder).rounds] == ["begin", "seeds", "wider"]
    return study.folder


@pytest.mark.slow
def test_wherever_a_machine_is_lost_another_one_comes_to_the_same_rounds_and_bits(
    address,
    machine,
    small_spec,
    monkeypatch,
    local_study,
):
    states = snapshots(address, monkeypatch)
    monkeypatch.setattr(_lease, "_is_free", lambda _held: True)
    overgan.run(small_spec, address, TINY, **SURE)
    found = fetched(address, machine)
    assert bits(found) == bits(local_study)
    assert not [name for name in Remote(address).tags() if name.startswith("k0002/adding/")]
    # after which object was written last
    at = [
        n
        for n, (before, after) in enumerate(pairwise(states))
        for path in after
        if after[path] != before.get(path) and path.endswith(("rounds.json", "adding/checkpoint.json"))
    ]
    assert len(at) >= 5
    for number in np.random.default_rng(16).choice(at, 2, replace=False):
        restore(states[number + 1])
        machine(f"after {number}")
        overgan.run(small_spec, address, TINY, **SURE)
        found = fetched(address, machine, f"look {number}")
        assert read_rounds(found).rounds == read_rounds(local_study).rounds
        assert bits(found) == bits(local_study)


@pytest.mark.slow
def test_workers_on_two_mirrors_of_a_store_come_to_the_same_rounds(
    s3,
    machine,
    small_spec,
    monkeypatch,
    local_study,
    scripted,
    tmp_path,
):
    """Each is a process of its own; both plan, but every round is written once."""
    monkeypatch.setattr(_groups, "HELD_SECONDS", 0.05)
    monkeypatch.setattr(_hold, "Lease", partial(_lease.Lease, renewed=0.3))
    here = "tests.study.sleeper:Submitted"

    def worker(name):
        machine(name)
        scripted.clear()
        _remote._filesystem.cache_clear()
        finish_groups(s3.address, 1, "cpu", lambda: False, pause=0.2)
        (tmp_path / name).write_text(str(len(scripted)))

    machine("login")
    submit = partial(overgan.run, small_spec, s3.address, TINY, **SURE | {"executor": here})
    assert Forked(lambda: submit() and None).wait() == 0
    workers = [Forked(partial(worker, name)) for name in ("a", "b")]
    assert [process.wait() for process in workers] == [0, 0]
    # each round is decided once, and once by each that there is no more
    assert sum(int((tmp_path / name).read_text()) for name in ("a", "b")) == len(ROUNDS) + 2
    found = {}
    for name in ("a", "b", "look"):
        machine(name)
        overgan.load(s3.address)
        folder = mirror_of(s3.address)
        _hold.fetch(folder, lambda _name: True)
        found[name] = read_rounds(folder).rounds, bits(folder)
    assert found["a"] == found["b"] == found["look"]
    assert found["look"] == (read_rounds(local_study).rounds, bits(local_study))


def test_a_plan_that_was_never_sent_gives_way_to_that_of_the_store(address, machine):
    first = begun({2: 1})
    folder = write_study(local(address), {2: [1.0]}, [first]).folder
    _hold.publish(folder)
    rounds = read_rounds(folder)
    machine("b")
    overgan.load(address)
    there = mirror_of(address)
    planned = rounds.model_copy(update={"rounds": [first, ROUNDS[0], ROUNDS[1]]})
    write_rounds(there, planned)
    _hold.publish(there)
    machine("a")
    write_rounds(folder, rounds.model_copy(update={"rounds": [first, ROUNDS[0]]}))
    assert _hold.fetch(folder)
    assert read_rounds(folder) == planned


def test_a_machine_does_not_plan_while_another_does(address, machine, monkeypatch):
    soon = partial(_lease.Lease, renewed=0.2)  # else it is watched for seconds
    monkeypatch.setattr(_hold, "Lease", soon)
    folder = write_study(local(address), {2: [1.0]}, [begun({2: 1})]).folder
    lease = soon(Remote(address), "plan")
    assert not lease.take()
    with lease, _hold.planning(folder) as ours:
        assert not ours
    with _hold.planning(folder) as ours:
        assert ours
