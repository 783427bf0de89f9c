"""Whole studies at an address: the bits of a study in a folder, on whatever machine it goes on."""

import logging
import os
import re
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from rich import filesize
from typer.testing import CliRunner

import overgan
from overgan.cli import app, main
from overgan.errors import OverganError
from overgan.stores import Lease, Remote, UnreachableError, _lease, address_of, is_address, local, mirror_of, shown
from overgan.study import _hold
from overgan.training import load_tensors, read_checkpoint
from tests.conftest import digest
from tests.forked import Forked, forked_worker

HERE = {"executor": "tests.extension.executor:InProcess", "workers": 1, "threads": 1}
ONE = ["widths=[2]", "seeds=[0]", "train.iterations=20", "train.evaluate_every=10"]
CERTIFICATE = """
name: certificate
kind: certificate
problems: {Gaussian: {n: 20, d: 3, m: 1}}
widths: [4]
seeds: [0, 1, 2]
"""


def bits(folder):
    files = {p.relative_to(folder): digest(p.read_bytes()) for p in folder.rglob("*.jsonl")}
    files |= {p.relative_to(folder): digest(p.read_bytes()) for p in folder.glob("k*/*/*.png")}
    for group in folder.glob("k*"):
        checkpoint = read_checkpoint(group)
        assert checkpoint.complete
        files[group.name] = {k: digest(t.numpy()) for k, t in load_tensors(group, checkpoint).items()}
    return files


def fetched(address, machine, name="look"):
    """The folder of the mirror on a machine that was never there, with all that the store has."""
    mirrors = machine(name)
    overgan.load(address)
    folder = mirror_of(address)
    assert folder.parent == mirrors
    _hold.fetch(folder, lambda _name: True)
    return folder


@pytest.mark.slow
def test_reading_commands_take_an_address_and_fetch_no_more_than_they_need(address, machine, small_study):
    original = small_study / "study"
    for path in original.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            Remote(address).write(path.relative_to(original).as_posix(), path.read_bytes())
    command = CliRunner()
    mirrors = machine("b")
    printed = command.invoke(app, ["status", address]).output
    size = sum(p.stat().st_size for p in original.rglob("*") if p.is_file() and not p.name.startswith("."))
    there = re.sub(
        "on disk: .*", f"in the store: {filesize.decimal(size)}", command.invoke(app, ["status", str(original)]).output
    )
    assert printed == there
    assert {path.suffix for path in mirrors.rglob("*") if not path.name.startswith(".")} == {"", ".json", ".jsonl"}
    images = command.invoke(app, ["sample", address, "--width", "4", "-n", "5"]).output
    assert images.startswith(f"images: {address}/k0004/images-seed-0\n")
    assert len(list(mirrors.rglob("*.safetensors"))) == len(list((original / "k0004").glob("*.safetensors")))
    overgan.load(original).write_samples(4, n=5)
    ours = {p.name: p.read_bytes() for p in (original / "k0004" / "images-seed-0").iterdir()}
    assert {name: Remote(address).read(f"k0004/images-seed-0/{name}") for name in ours} == ours
    command.invoke(app, ["sample", address, "--width", "4", "-n", "2"])
    assert len(Remote(address).tags("k0004/images-seed-0")) == 2
    assert (
        command.invoke(app, ["recommend", address]).output == command.invoke(app, ["recommend", str(original)]).output
    )
    rows = overgan.load(address).evaluate(["frechet"])
    machine("c")
    assert len(rows) == 6
    assert overgan.load(address).frame().equals(overgan.load(mirrors / mirror_of(address).name).frame())
    assert command.invoke(app, ["report", address, "--widths", "2"]).output == f"report: {address}/report-k2.html\n"
    page = Remote(address).read("report-k2.html").decode()
    assert "data:image/png" in page
    assert str(mirrors.parent) not in page
    assert [name for name in Remote(address).tags("figures-k2") if name.endswith(".pdf")]
    refused = command.invoke(app, ["sample", address, "--width", "3"]).exception
    assert shown(refused).startswith(f"{address} has no width 3; ")


def snapshots(address, monkeypatch):
    """What the store held after each change, as a power cut of every machine would leave it."""
    store, states, plain = MemoryFileSystem.store, [], Remote.write

    def write(remote, name, content):
        plain(remote, name, content)
        states.append({path: file.getvalue() for path, file in list(store.items())})

    monkeypatch.setattr(Remote, "write", write)
    return states


def restore(state):
    MemoryFileSystem.store.clear()
    for path, content in state.items():
        MemoryFileSystem().pipe_file(path, content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "overrides"),
    [("small", ONE), ("certificate", [])],
)
def test_wherever_a_machine_is_lost_another_one_goes_on_to_the_same_bits(
    address, machine, small_spec, monkeypatch, tmp_path, spec, overrides
):
    source = small_spec if spec == "small" else tmp_path / "certificate.yaml"
    (tmp_path / "certificate.yaml").write_text(CERTIFICATE)
    overgan.run(source, tmp_path / "local", overrides, **HERE)
    states = snapshots(address, monkeypatch)
    monkeypatch.setattr(_lease, "_is_free", lambda _held: True)  # that the lost machine is waited for is another test
    study = overgan.run(source, address, overrides, **HERE)
    assert study.place == address
    assert repr(study).endswith(f"Study('{address}')")
    assert f"--out {address}" in study.description.command
    assert not [name for name in Remote(address).tags() if name.endswith(".lock") or "known" in name]
    wanted = {p.relative_to(tmp_path / "local"): p.read_bytes() for p in (tmp_path / "local").rglob("*.jsonl")}
    assert len(states) >= 4
    for number in np.random.default_rng(0).choice(len(states), 3, replace=False):
        restore(states[number])
        machine(f"after {number}")
        overgan.run(source, address, overrides, **HERE)
        found = fetched(address, machine, f"look {number}")
        rows = {p.relative_to(found): p.read_bytes() for p in found.rglob("*.jsonl")}
        if spec == "small":
            assert bits(found) == bits(tmp_path / "local")
        else:
            drop = re.compile(rb'"(seconds|checksum)": [^,}]*')  # of what took a time
            assert {k: drop.sub(b"", v) for k, v in rows.items()} == {k: drop.sub(b"", v) for k, v in wanted.items()}


@pytest.mark.slow
def test_a_store_that_is_away_for_a_while_stops_no_training(
    address, machine, small_spec, tmp_path, monkeypatch, caplog
):
    overgan.run(small_spec, tmp_path / "local", ONE, **HERE)
    away, plain = threading.Event(), Remote.write

    def write(remote, name, content):
        if away.is_set() and name.startswith("k0002"):
            raise UnreachableError(f"{remote.address} cannot be reached (cut); the same command goes on")
        plain(remote, name, content)

    monkeypatch.setattr(Remote, "write", write)
    away.set()
    with pytest.raises(UnreachableError, match="the same command goes on"), caplog.at_level(logging.WARNING):
        overgan.run(small_spec, address, ONE, **HERE)
    assert "the newest state of k0002 is only here" in caplog.text
    assert bits(mirror_of(address)) == bits(tmp_path / "local")
    away.clear()
    overgan.run(small_spec, address, ONE, **HERE)
    assert bits(fetched(address, machine)) == bits(tmp_path / "local")


@pytest.fixture
def another_run(address, monkeypatch):
    """A lease that a run on another machine has, of short times."""
    monkeypatch.setattr(_lease, "_machine", lambda: threading.current_thread().name)
    short = partial(Lease, renewed=0.02, expires=0.5)
    monkeypatch.setattr(_hold, "Lease", short)
    monkeypatch.setattr(_lease.platform, "node", lambda: "node-7")
    lease = short(Remote(address), "study")
    thread = threading.Thread(target=lease.take, name="another machine")
    thread.start()
    thread.join()
    return lease


def test_a_study_that_runs_elsewhere_is_left_alone(address, machine, small_spec, another_run):
    with another_run, pytest.raises(OverganError) as caught:
        overgan.run(small_spec, address, ONE, **HERE)
    assert re.fullmatch(
        re.escape(address) + r" is in use by a run on 'node-7' \(process \d+\); wait for it, or name another address "
        "with out",
        str(caught.value),
    )
    assert [name for name in Remote(address).tags() if not name.startswith(".lease")] == []


@pytest.mark.slow
def test_a_study_whose_run_died_elsewhere_is_taken_over_with_a_notice(
    address, machine, small_spec, another_run, caplog
):
    overgan.run(small_spec, address, ONE, **HERE)
    assert caplog.text.count(f"{address} was in use by a run on 'node-7'") == 1
    another_run.renew()
    assert another_run.lost


def test_a_run_that_was_taken_over_stops_with_one_line(address, machine, small_spec, another_run, monkeypatch):
    def taken(_groups):
        Remote(address).create(".lease/study/000009.json", b'{"host": "node-8", "pid": 1}')
        (local(address) / "worker-0.log").touch()

    another_run.release()
    monkeypatch.setattr(_hold, "APART_SECONDS", 0.01)
    with pytest.raises(OverganError, match="taken over by a run on 'node-8'"):
        overgan.run(small_spec, address, ONE, **HERE | {"executor": "tests.stores.slowly:Slowly"}, watch=taken)
    assert "worker-0.log" not in Remote(address).tags()


def test_an_address_with_something_else_is_refused(address, machine, small_spec):
    Remote(address).write("holiday.jpg", b"")
    with pytest.raises(OverganError, match=r"holds holiday\.jpg, but no study; name another address with out"):
        overgan.run(small_spec, address, ONE, **HERE)
    assert list(Remote(address).tags()) == ["holiday.jpg"]


def test_an_address_without_a_study_is_said(address, machine):
    result = CliRunner().invoke(app, ["status", address])
    assert str(result.exception) == f"{address} holds no study; look at the address"


@pytest.mark.slow
def test_a_study_that_was_removed_from_its_store_begins_anew_and_its_mirror_is_kept(
    address, machine, small_spec, caplog
):
    overgan.run(small_spec, address, ONE, **HERE)
    first = bits(mirror_of(address))
    MemoryFileSystem.store.clear()
    overgan.run(small_spec, address, [*ONE, "train.learning_rate=1e-3"], **HERE)
    assert bits(mirror_of(address)) != first
    (aside,) = mirror_of(address).parent.glob("*-removed-*")
    assert bits(aside) == first
    assert str(aside) in caplog.text


@pytest.mark.slow
def test_images_from_memory_are_kept_at_the_address_and_found_on_another_machine(address, machine, digits):
    spec = {"name": "mine", "model": {"name": "mlp", "latent": 4, "depth": 2}, "widths": [2], "seeds": [0]}
    spec |= {"train": {"iterations": 10, "batch": 8, "evaluate_every": 10}, "data": digits.train[:100]}
    spec |= {"evaluate": {"features": ["pixels"], "samples": 20}}
    overgan.run(spec, address, **HERE)
    machine("b")
    assert len(overgan.load(address).evaluate(["frechet"], samples=20)) == 1


@pytest.mark.parametrize("bad", ["s3://", "s3://bucket//study", "s3://bucket/../other", "s3:///"])
def test_an_address_that_is_not_complete_is_refused(machine, bad):
    with pytest.raises(OverganError, match="like s3://bucket/study"):
        local(bad)


def test_a_folder_is_a_mirror_only_where_mirrors_are(tmp_path, machine):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / ".store").write_text("memory://theirs/study")
    assert address_of(tmp_path / "study") is None
    folder = local("memory://ours/study/")
    assert address_of(folder) == "memory://ours/study"
    (folder / ".store").write_text("memory://theirs/study")
    assert address_of(folder) is None


def test_what_is_and_what_is_no_address(machine, tmp_path):
    assert is_address("s3://bucket/study")
    assert not is_address("runs/quickstart")
    assert not is_address("C:/runs")
    assert local(f"file://{tmp_path}/study") == tmp_path / "study"
    with pytest.raises(OverganError, match="lost a slash"):
        local(Path("s3://bucket/study"))
    with pytest.raises(OverganError, match="lost a slash; write s3://"):
        local("s3:/bucket/study")
    folder = local("s3://bucket/a study")
    assert shown(f"{folder}/k0002/x and {tmp_path}") == f"s3://bucket/a study/k0002/x and {tmp_path}"


@pytest.mark.slow
def test_a_machine_killed_in_mid_run_at_a_real_server_loses_nothing_that_counts(
    s3, machine, small_spec, tmp_path, monkeypatch
):
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    more = ["--set", "widths=[2]", "--set", "train.iterations=60", "--workers", "1", "--threads", "1"]
    overgan.run(small_spec, tmp_path / "local", ["widths=[2]"], **HERE)

    def drive():
        os.setpgrp()
        sys.argv = ["overgan", "run", str(small_spec), "--out", s3.address, *more]
        main()

    driver = Forked(drive, stdout=os.open(os.devnull, os.O_WRONLY))
    deadline = time.monotonic() + 120
    try:
        while "k0002/checkpoint.json" not in s3.tags("k0002"):
            assert driver.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.killpg(driver.pid, signal.SIGKILL)  # the workers, too: the machine is lost
        driver.wait()
    machine("b")
    overgan.run(small_spec, s3.address, ["widths=[2]"], **HERE)
    assert bits(fetched(s3.address, machine)) == bits(tmp_path / "local")
