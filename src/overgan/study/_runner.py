"""The local runner: a study's groups on this machine's cores, one worker process for each share of them."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from overgan.disk import try_lock
from overgan.errors import OverganError
from overgan.study._load import load, load_spec, read_description
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus
from overgan.study._store import (
    STUDY,
    Description,
    cores,
    group_folder,
    machine,
    refuse_changes,
    versions,
    write_description,
)
from overgan.study._study import Study

POLL_SECONDS = 0.5
GRACE_SECONDS = 30.0  # for a worker to write its checkpoint when the study is stopped

# glibc gives the pages of big temporaries back, and every step faults them in again; other systems ignore this
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}

Watcher = Callable[[list[GroupStatus]], None]


class WorkerError(RuntimeError):
    """A worker ended before its work did, through no mistake of the user's."""


def run(
    preset_or_yaml: str | Path,
    out: str | Path | None = None,
    overrides: Sequence[str] = (),
    *,
    scale: float = 1.0,
    workers: int | None = None,
    device: str = "auto",
    watch: Watcher | None = None,
) -> Study:
    """Start a study, or go on with the one in its folder, and return it when all of its groups are done.

    preset_or_yaml: a preset's name or a spec's file.
    out: the study's folder, by default runs/NAME.
    overrides: `key=value` changes of the spec, such as "train.iterations=500".
    scale: fraction of the iterations and samples to run.
    workers: processes, each with its share of the cores; by default one a core, or one a GPU, but no more than there
        are widths.
    device: cpu, cuda (every GPU that PyTorch sees), or auto: cuda if there is one.
    watch: called about twice a second with every group's status.

    The same spec on the same machine with the same number of workers gives the same bits, interrupted or not.

    Raises OverganError for a wrong spec, images or a device that cannot be had, a folder that is in use, that cannot be
    written or that holds another study, or a damaged checkpoint; WorkerError if a worker dies.
    """
    spec = load_spec(preset_or_yaml, overrides, scale)
    folder = Path(out) if out is not None else Path("runs") / spec.name
    if workers is not None and workers < 1:
        raise OverganError(f"--workers {workers}: at least 1 is needed")
    devices = spec.devices(device)
    workers = min(workers or (cores() if devices == ["cpu"] else len(devices)), len(spec.widths))
    command = _command(preset_or_yaml, folder, overrides, scale)
    try:
        with ExitStack() as stack:
            begun = (folder / STUDY).exists()
            if begun:
                _lock(stack, folder)
                refuse_changes(folder, read_description(folder).spec, spec)
            elif folder.exists() and (not folder.is_dir() or any(p.name != ".lock" for p in folder.iterdir())):
                raise OverganError(f"{folder} is not empty and holds no study; name another folder with --out")
            description = _describe(spec, command, workers, devices)
            if begun:
                _refuse_other_numbers(folder, read_description(folder), description)
            else:
                _lock(stack, folder)
                if (folder / STUDY).exists():
                    raise OverganError(
                        f"{folder} was begun by another `overgan run` a moment ago; start this one again"
                    )
            write_description(folder, description)
            _work(folder, spec, workers, devices, watch)
    except OSError as error:
        raise OverganError(
            f"{folder} cannot be written ({error}); make room or name another folder with --out"
        ) from None
    return load(folder)


def _command(preset_or_yaml: str | Path, folder: Path, overrides: Sequence[str], scale: float) -> str:
    words = ["overgan", "run", str(preset_or_yaml), "--out", str(folder)]
    words += [word for override in overrides for word in ("--set", override)]
    words += ["--scale", f"{scale:g}"] if scale != 1 else []
    return shlex.join(words)


def _lock(stack: ExitStack, folder: Path) -> None:
    if not stack.enter_context(try_lock(folder)):
        raise OverganError(
            f"{folder} is in use by another `overgan run`; wait for it, or name another folder with --out"
        )


def _describe(spec: Spec, command: str, workers: int, devices: list[str]) -> Description:
    facts = spec.facts()
    return Description(
        spec=spec,
        command=command,
        data=facts.data,
        features=facts.features,
        parameters=facts.parameters,
        versions=versions(),
        machine=machine(workers) | {"devices": devices},
    )


def _refuse_other_numbers(folder: Path, old: Description, new: Description) -> None:
    if old.data.get("fingerprint") != new.data.get("fingerprint"):
        raise OverganError(
            f"the images are not those that {folder} began with; restore them or name another folder with --out"
        )
    if old.features != new.features:
        before, now = (", ".join(f"{k} {v}" for k, v in d.versions.items()) for d in (old, new))
        raise OverganError(
            f"the feature networks are not those that {folder} began with (under {before}; now {now}); "
            "go back to those versions or name another folder with --out"
        )


def _work(folder: Path, spec: Spec, workers: int, devices: list[str], watch: Watcher | None) -> None:
    for width in spec.widths:  # a worker of a run that was killed may still be at its last iteration
        with try_lock(group_folder(folder, width), timeout=GRACE_SECONDS) as free:
            if not free:
                raise OverganError(f"{group_folder(folder, width)} is still being written; stop that process first")

    study = load(folder)
    threads = max(1, cores() // workers)
    environment = MALLOC | os.environ
    environment |= {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    logs = [folder / f"worker-{i}.log" for i in range(workers)]
    processes = []
    try:
        for log, device in zip(logs, cycle(devices), strict=False):
            with log.open("wb") as output:
                command = [
                    sys.executable,
                    "-m",
                    "overgan.study._worker",
                    str(folder),
                    str(threads),
                    str(os.getpid()),
                    device,
                ]
                processes.append(
                    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
                )
        running = True
        while running:
            time.sleep(POLL_SECONDS)
            running = any(p.poll() is None for p in processes)
            for process, log in zip(processes, logs, strict=True):
                _raise_if_failed(process, log)
            if watch:
                watch(study.status())
    finally:
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
    for log in logs:
        log.unlink()


def _raise_if_failed(process: "subprocess.Popen[bytes]", log: Path) -> None:
    if not process.poll():  # running, or exit code 0
        return
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it printed nothing"
    if process.returncode == 2:
        raise OverganError(last)
    raise WorkerError(
        f"a worker ended with exit code {process.returncode} ({last}); its output is in {log}; "
        "the same command goes on from the last checkpoint"
    )
