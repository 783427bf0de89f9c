"""Leases: one holder at a time, whatever clocks say."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from overgan.errors import OverganError
from overgan.stores import Lease, LeaseLostError, Remote, _lease


def lease(remote, clock, **more):
    return Lease(remote, "study", clock=clock, sleep=clock.sleep, **more)


@pytest.fixture
def elsewhere(monkeypatch):
    """Takers are on other machines than the holders: that a process is there says nothing."""
    machines = iter(range(1000))
    monkeypatch.setattr(_lease, "_machine", lambda: f"machine {next(machines)}")


def test_of_many_takers_at_once_one_has_it(remote, clock, elsewhere, monkeypatch):
    at_once, plain = Lock(), MemoryFileSystem.pipe_file  # as a store's conditional put is one step

    def pipe_one(self, path, value, mode="overwrite"):
        with at_once:
            plain(self, path, value, mode=mode)

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", pipe_one)
    takers = [lease(remote, clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        holders = list(pool.map(lambda taker: taker._create(1), takers))
    assert holders.count(True) == 1


def test_a_store_without_conditional_puts_is_refused(tmp_path, clock):
    with pytest.raises(OverganError, match="keep two runs apart"):
        lease(Remote(f"file://{tmp_path}"), clock).take()


def test_a_holder_that_shows_signs_of_life_is_never_taken_over(remote, clock, elsewhere):
    holder, taker = lease(remote, clock), Lease(remote, "study", clock=clock, sleep=lambda _: wait())

    def wait():
        clock.sleep(5.0)
        holder.renew()

    assert holder.take() == ""
    who = taker.take()
    assert str(os.getpid()) in who
    assert clock.now < 1000 + 60
    assert not holder.lost


def test_a_holder_that_shows_none_is_taken_over_when_its_time_is_up_and_then_stops(remote, clock, elsewhere):
    holder, taker, notices = lease(remote, clock), lease(remote, clock), []
    assert holder.take() == ""
    began = clock.now
    assert taker.take(notices.append) == ""
    assert 60 <= clock.now - began < 70
    assert len(notices) == 1
    assert "60 s" in notices[0]
    with pytest.raises(LeaseLostError, match="taken over"):
        holder.check()
    holder.release()  # what it is no longer the holder of
    third = lease(remote, clock)
    began = clock.now
    assert third.take() == ""
    assert clock.now - began >= 60


def test_the_clocks_of_machines_are_not_compared(remote, clock, elsewhere):
    holder = Lease(remote, "study", clock=lambda: -1e9, sleep=clock.sleep)
    taker = lease(remote, clock)
    assert holder.take() == ""
    began = clock.now
    assert taker.take() == ""
    assert clock.now - began >= 60


def test_a_holder_whose_machine_slept_looks_before_it_does_anything(remote, clock, elsewhere):
    holder = lease(remote, clock)
    assert holder.take() == ""
    clock.sleep(3600)  # with nobody else there, it is still the holder
    holder.check()
    assert not holder.lost


def test_a_released_lease_is_had_at_once(remote, clock, elsewhere):
    first, second = lease(remote, clock), lease(remote, clock)
    assert first.take() == ""
    first.release()
    assert second.take() == ""
    assert clock.now == 1000


def test_the_lease_of_a_process_of_this_machine_that_is_gone_is_had_at_once(remote, clock):
    assert lease(remote, clock).take() == ""
    name = ".lease/study/000001.json"
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    remote.write(name, json.dumps(json.loads(remote.read(name)) | {"pid": pid}).encode())
    assert lease(remote, clock).take() == ""
    assert clock.now == 1000


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": -1, "machine": 3}', b"\xff", b'{"released": 1}'])
def test_a_damaged_lease_is_waited_for_and_then_taken_over(remote, clock, content):
    remote.write(".lease/study/000007.json", content)
    held = lease(remote, clock)
    assert held.take() == ""
    assert clock.now >= 1060
    assert ".lease/study/000008.json" in remote.tags()


def test_numbers_are_never_used_twice(remote, clock):
    for number in range(1, 5):
        held = lease(remote, clock)
        assert held.take() == ""
        held.release()
        assert list(remote.tags()) == [f".lease/study/{number:06d}.json"]
