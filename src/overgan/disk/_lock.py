"""A folder's lock, which ends with the process that holds it, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".lock"


@contextmanager
def try_lock(folder: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Hold the folder's lock, if it can be had within timeout seconds (-1: for ever); yields whether it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=timeout)
    with suppress(Timeout):
        lock.acquire()
    try:
        yield lock.is_locked
    finally:
        lock.release()
