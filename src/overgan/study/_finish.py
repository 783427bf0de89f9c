"""Executors at work on a study, until it is done."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from overgan.disk import try_lock
from overgan.errors import OverganError
from overgan.stores import address_of
from overgan.study._load import load
from overgan.study._planning import advance
from overgan.study._rounds import decides, read_rounds
from overgan.study._status import GroupStatus
from overgan.study._study import Study
from overgan.study.execute import GRACE_SECONDS, Elsewhere, Executor, Job, WorkerError, refuse_vanished
from overgan.words import counted, joined

POLL_SECONDS = 0.5
LOOKING = 0.02  # of a core may go into looking how far the groups are, of which there may be a thousand

Watcher = Callable[[list[GroupStatus]], None]


def execute_until_done(create: type[Executor], job: Job, watch: Watcher | None, look: Callable[[bool], None]) -> None:
    """Run the executor until every group is complete, a second time if it left some.

    Raises OverganError if the folder vanishes meanwhile, WorkerError if groups are left.
    """
    try:
        _execute(create, job, watch, look)
    except OverganError:
        refuse_vanished(job.folder)  # for then that is why
        raise


def _execute(create: type[Executor], job: Job, watch: Watcher | None, look: Callable[[bool], None]) -> None:
    elsewhere = issubclass(create, Elsewhere)
    study = load(job.folder, trust=True)
    for width in () if elsewhere else study.spec.widths:  # a worker of a run that was killed may be at its last one
        with try_lock(study.group(width), timeout=GRACE_SECONDS) as free:
            if not free:
                raise OverganError(f"{study.group(width)} is still being written; stop that process first")
    _heal(study)

    def following() -> list[int]:
        look(True)
        return _left(job.folder) if decides(job.folder) else []

    # twice: a worker may have been told to stop by somebody else, or have found a group held for a moment
    for pause in (0.0, POLL_SECONDS):
        if not (left := _left(job.folder)):
            return
        time.sleep(pause)
        _finish(create(), replace(job, widths=left, following=following), watch, look)
        if issubclass(create, Elsewhere) and create.detached:
            return
        look(True)
    if left := _left(job.folder):
        widths = len(load(job.folder, trust=True).spec.widths)
        raise WorkerError(
            f"{counted(len(left), 'width')} of {widths} not finished (k = {joined(left)}), for the workers "
            "stopped; the same command goes on from the last checkpoint"
        )


def _heal(study: Study) -> None:
    """Put back what is damaged of finished groups; the others do so as they go on, and mirrors have a store."""
    for width in study.spec.widths if address_of(study.folder) is None else ():
        if study.group_status(width).complete:
            with try_lock(study.group(width)) as free:
                if free:
                    study.heal(width)


def _left(folder: Path) -> list[int]:
    """The widths that are not finished, of the next round if the newest one is done; none if the time is up."""
    if (rounds := read_rounds(folder)) and rounds.is_over:
        return []
    while not (left := _unfinished(folder)) and (following := advance(folder)) != "end":
        if following == "wait":  # another plans at this moment
            time.sleep(POLL_SECONDS)
    return left


def _unfinished(folder: Path) -> list[int]:
    return [group.width for group in load(folder, trust=True).status() if not group.complete]


def _finish(executor: Executor, job: Job, watch: Watcher | None, look: Callable[[bool], None]) -> None:
    try:
        executor.start(job)
        due = 0.0
        while True:
            working = executor.working()
            look(False)
            if watch and (time.monotonic() >= due or not working):
                start = time.thread_time()
                groups = load(job.folder, trust=True).status()  # a round may have brought widths, or iterations
                due = time.monotonic() + (time.thread_time() - start) / LOOKING
                watch(groups)
            if not working:
                return
            time.sleep(POLL_SECONDS)
    finally:
        executor.stop()
