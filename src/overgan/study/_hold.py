"""Who works on a study at an address: one run at a time, and in each group one worker, which sends what it makes."""

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from overgan.errors import OverganError
from overgan.stores import ADDRESS, Lease, LeaseLostError, Part, Remote, UnreachableError, address_of
from overgan.study._mirror import GROUPS, INDICES, PATIENCE, fetch, group_part, publish, remote_of
from overgan.study._store import IMAGES, STUDY

PROGRESS = "progress.json"
LOOK_SECONDS, APART_SECONDS = 1.0, 10.0  # between looks for a new checkpoint; between two sendings of less
LOOKING = 0.02  # of a run's time may go into looking how far workers elsewhere are
LAST_PATIENCE, STOPPED_PATIENCE = 120.0, 3.0  # seconds at a group's end; when the process was told to end

logger = logging.getLogger(__name__)


@contextmanager
def held(folder: Path) -> Iterator[Callable[[], None]]:
    """Be the only one that changes a study, if its folder is a mirror; yields what raises once that is over.

    Raises OverganError if a run is alive elsewhere; of one that is not, the lease is taken over.
    """
    address = address_of(folder)
    if address is None:
        yield lambda: None
        return
    with _leased(address, "study") as (lease, holder):
        if lease is None:
            raise OverganError(
                f"{address} is in use by {holder}; wait for it, or name another address with {{argument}}", "out"
            )
        yield lease.check


@contextmanager
def run_at(folder: Path) -> Iterator[Callable[[bool], None]]:
    """Run a study, whose groups may be worked on elsewhere, if its folder is a mirror.

    Yields what to call again and again, and with True when it matters how far the groups are now.

    Raises OverganError as `held` does, or if there is something else at the address.
    """
    address = address_of(folder)
    if address is None:
        yield lambda _now: None
        return
    names = {name.partition("/")[0] for name in Remote(address).tags(deep=False)}
    if STUDY not in names and (others := sorted(name for name in names if not name.startswith(".") and name != IMAGES)):
        raise OverganError(f"{address} holds {others[0]}, but no study; name another address with {{argument}}", "out")
    with held(folder) as check:
        if not fetch(folder):
            _set_aside(folder, address)
        due = 0.0

        def look(now: bool) -> None:
            nonlocal due
            start = time.monotonic()
            if not now and start < due:
                return
            try:
                check()
                fetch(folder)
            except UnreachableError:
                if now:
                    raise
            due = time.monotonic() + max(APART_SECONDS, (time.monotonic() - start) / LOOKING)

        try:
            yield look
        except LeaseLostError:
            raise  # what is there is another's
        except Exception:  # whatever it is, it is raised again
            with suppress(OverganError):  # the logs of workers, which the error may name
                publish(folder, logs=True)
            raise
        _send_rest(folder)


def _set_aside(folder: Path, address: str) -> None:
    """Move what a mirror holds of a study that its store no longer has: it may be the last copy."""
    left = [path for path in folder.iterdir() if path.name != ADDRESS and not path.name.startswith(".")]
    if (folder / STUDY).exists():
        aside = tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-removed-")
        for path in left:
            path.rename(Path(aside) / path.name)
        logger.warning(f"overgan: {address} has no study any more; what was here of the former one is in {aside}")
    for path in folder.iterdir():
        if path.name != ADDRESS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _send_rest(folder: Path) -> None:
    """Send what workers of this machine could not."""
    for below in sorted(folder.glob("k*")):
        if match := GROUPS.fullmatch(below.name):
            part = group_part(folder, int(match[1]))
            if {*part.changed()} & {*INDICES}:
                with part.alone(timeout=PATIENCE) as free:
                    if free:  # else a worker has it, and sends what it makes
                        part.push(tidy="")
    publish(folder)


@contextmanager
def planning(folder: Path) -> Iterator[bool]:
    """Be the only one, of all machines, that plans what a study does next; yields whether that could be had.

    If its folder is a mirror it is up to date in all numbers then, and what was planned is sent in the end.
    """
    address = address_of(folder)
    if address is None:
        yield True
        return
    with _leased(address, "plan", quietly=True) as (lease, _):
        if lease is None:
            yield False
            return
        fetch(folder)
        yield True
        if not lease.lost:  # else another plans the same
            publish(folder)


@contextmanager
def mirrored(folder: Path, width: int, stopping: Callable[[], bool]) -> Iterator[Callable[[], bool] | None]:
    """Work in the folder of a width, and keep the store up to date, if the study is at an address.

    Yields what to ask whether to stop; None if another worker has the group. In the end all is sent, or it is said that
    it could not be.
    """
    address = address_of(folder)
    if address is None:
        yield stopping
        return
    part = group_part(folder, width)
    with part.alone(timeout=PATIENCE) as free, _leased(address, part.below) as (lease, _):
        if lease is None or not free:
            yield None
            return
        replace(part, remote=remote_of(folder)).pull()
        sender = _Sender(part, lease)
        try:
            yield lambda: stopping() or bool(lease.lost)
        finally:
            sender.finish(STOPPED_PATIENCE if stopping() else LAST_PATIENCE)


class _Sender:
    """What sends a group's checkpoints as they come, and now and then its progress, beside the training."""

    def __init__(self, part: Part, lease: Lease):
        self._part, self._lease = part, lease
        self._ended, self._complained = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def finish(self, patience: float) -> None:
        """Send the last state, in about so many seconds, or say that it could not be."""
        self._ended.set()
        self._thread.join(patience)
        if self._thread.is_alive():
            self._complain("it takes too long")
        elif not self._lease.lost:
            self._send(replace(self._part, remote=Remote(self._part.remote.address, patience)), whole=True)

    def _run(self) -> None:
        sent = time.monotonic()
        while not self._ended.wait(LOOK_SECONDS) and not self._lease.lost:
            changed = {*self._part.changed()}
            if changed & {*INDICES} or (changed and time.monotonic() - sent >= APART_SECONDS):
                # rows are sent with the checkpoint that counts on them
                self._send(self._part, whole=any(not name.endswith((".jsonl", PROGRESS)) for name in changed))
                sent = time.monotonic()

    def _send(self, part: Part, *, whole: bool) -> None:
        try:
            self._lease.check()
            part.push(
                None if whole else [PROGRESS, f"adding/{PROGRESS}"], tidy="" if whole else None, check=self._lease.check
            )
            self._complained = False
        except Exception as error:  # whatever it is, training matters more; it is tried again
            if not self._complained:
                self._complain(str(error))
            self._complained = True

    def _complain(self, why: str) -> None:
        logger.warning(f"overgan: the newest state of {self._part.below} is only here, in {self._part.folder}: {why}")


@contextmanager
def _leased(address: str, name: str, *, quietly: bool = False) -> Iterator[tuple[Lease | None, str]]:
    """A lease that is kept alive, or None and who has it. quietly: no notice of a wait."""
    lease = Lease(Remote(address, PATIENCE), name)
    if holder := lease.take(_nothing if quietly else _say):
        yield None, holder
        return
    with lease:
        yield lease, ""


@cache
def _say(notice: str) -> None:
    """Once: a worker looks again and again at the groups that others have."""
    logger.warning(f"overgan: {notice}")


def _nothing(_notice: str) -> None:
    pass
