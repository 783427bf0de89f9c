"""What goes wrong in a worker through nobody's mistake, in a line each: disks, folders that vanish, memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from overgan.disk import LOCK, cannot_write
from overgan.errors import OverganError
from overgan.memory import is_out_of_memory
from overgan.study._kind import Stopping
from overgan.study._store import STUDY
from overgan.study.execute._executor import WorkerError


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """A disk that fails becomes an OverganError, and memory that runs out a WorkerError, of one line each."""
    try:
        yield
    except OSError as error:
        refuse_vanished(folder)
        raise OverganError(f"{cannot_write(folder, error)}; the same command goes on") from None
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise WorkerError(f"memory ran out ({reason[:200]}); use fewer workers, or a smaller train.batch") from None


def refuse_vanished(folder: Path) -> None:
    """Raise OverganError if the folder no longer holds a study."""
    if not (folder / STUDY).exists():
        raise OverganError(
            f"{folder} is gone, or its {STUDY} is, while the study ran; it is left as it is: put it back, and the same "
            "command goes on"
        )


@contextmanager
def still_there(group: Path, stopping: Stopping) -> Iterator[Stopping]:
    """`stopping`, for work in the group's folder. OverganError once that is no longer the one that is locked.

    Its lock is open as long as it is held, so that no file made later can have the same number.
    """
    locked = (group / LOCK).stat()

    def check() -> None:
        with suppress(OSError):
            if os.path.samestat((group / LOCK).stat(), locked):
                return
        refuse_vanished(group.parent)
        raise OverganError(f"{group} was removed or replaced while it was trained; the same command begins it again")

    def asked() -> bool:
        check()
        return stopping()

    try:
        yield asked
    except (OSError, OverganError):
        check()  # for then that is why
        raise
