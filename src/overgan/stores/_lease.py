"""Who works on something in a store: one at a time, and no longer than it shows that it is alive.

A lease is the object with the highest number. It is created by a conditional put, so that of several takers one has it;
its holder rewrites it again and again. A taker watches it by its own clock, and creates the next number if nothing has
changed for long enough. So clocks of machines are never compared, and a number is never used twice.
"""

import json
import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from overgan.errors import OverganError
from overgan.stores._remote import Remote

RENEWED, EXPIRES = 10.0, 60.0  # seconds between two renewals; without one until another may take it
LEASES = ".lease"


class LeaseLostError(OverganError):
    """Another took what was ours, for we showed no sign of life for too long."""


def boot_clock() -> float:
    """Seconds that go on while the machine sleeps, as those of others do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """The lease of a name in a store; a context manager, which keeps it alive in the background and releases it.

    renewed, expires: seconds; what takes must know no smaller `expires` than what holds.
    """

    def __init__(
        self,
        remote: Remote,
        name: str,
        *,
        renewed: float = RENEWED,
        expires: float = EXPIRES,
        clock: Callable[[], float] = boot_clock,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._remote, self._below = remote, f"{LEASES}/{name}"
        self._renewed, self._expires, self._clock, self._sleep = renewed, expires, clock, sleep
        self._number, self._seen = 0, 0.0
        self._content: dict[str, Any] = {}
        self._lost_to = ""
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def take(self, waits: Callable[[str], None] = lambda _notice: None) -> str:
        """Take the lease; empty if it is ours now, else who has it, in words.

        waits: called once with a notice if it must be watched before it can be told whether its holder lives.
        """
        watched: tuple[int, bytes] | None = None
        since, noticed = 0.0, False
        while True:
            found = number, held = self._highest()
            now = self._clock()
            if not number or _is_free(held) or (found == watched and now - since >= self._expires):
                if self._create(number + 1):
                    return ""
                watched = None
                continue
            if watched and found != watched:
                return _who(held)
            if not watched:
                watched, since = found, now
            if not noticed:
                noticed = True
                waits(
                    f"{self._remote.address} was in use by {_who(held)}; looking for at most {self._expires:g} s "
                    "whether it still is"
                )
            self._sleep(max(0.0, min(self._renewed / 2, since + self._expires - now)))

    @property
    def lost(self) -> str:
        """Who took it, in words; empty as long as it is ours."""
        return self._lost_to

    def check(self) -> None:
        """Raise LeaseLostError if it is no longer ours; if no sign of life was given for a while, give one first."""
        if not self._lost_to and self._clock() - self._seen > self._expires / 3:
            self.renew()
        if self._lost_to:
            raise LeaseLostError(f"{self._remote.address} was taken over by {self._lost_to}; this run stops")

    def renew(self) -> None:
        """Give a sign of life, unless another took the lease. Raises what `Remote` does."""
        with self._lock:
            began = self._clock()
            number, held = self._highest()
            if number > self._number:
                self._lost_to = _who(held)
                return
            self._content["count"] += 1
            self._remote.write(self._at(self._number), _bytes(self._content))
            self._seen = began

    def release(self) -> None:
        """Let the next taker have it at once, if the store can be told."""
        self._ended.set()
        if self._number and not self._lost_to:
            with suppress(OverganError), self._lock:
                self._remote.write(self._at(self._number), _bytes(self._content | {"released": True}))

    def __enter__(self) -> "Lease":
        threading.Thread(target=self._keep, name="lease", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _keep(self) -> None:
        while not self._ended.wait(self._renewed) and not self._lost_to:
            try:
                self.renew()
            except Exception as error:  # it is tried again; if it stays so, another takes the lease
                logging.getLogger(__name__).debug("a lease was not renewed: %s", error)

    def _highest(self) -> tuple[int, bytes]:
        """The highest number, 0 if there is none, and the content there."""
        names = [name for name in self._remote.tags(self._below) if name.endswith(".json")]
        numbers = sorted(int(stem) for name in names if (stem := Path(name).stem).isdecimal())
        if not numbers:
            return 0, b""
        with suppress(FileNotFoundError):
            return numbers[-1], self._remote.read(self._at(numbers[-1]))
        return self._highest()

    def _create(self, number: int) -> bool:
        began = self._clock()
        content = {**_here(), "token": uuid.uuid4().hex, "count": 0, "released": False}
        if not self._remote.create(self._at(number), _bytes(content)):
            return False
        self._number, self._content, self._seen, self._lost_to = number, content, began, ""
        with suppress(OverganError):  # what is left is lower, and means nothing; ours must be kept alive now
            self._remote.remove(self._at(old) for old in range(max(1, number - 3), number))
        return True

    def _at(self, number: int) -> str:
        return f"{self._below}/{number:06d}.json"


def _here() -> dict[str, Any]:
    return {"host": platform.node(), "machine": _machine(), "pid": os.getpid()}


def _machine() -> str:
    """What two processes share that see each other's numbers: the same start of a machine, and of a container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _read(held: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        content = json.loads(held)
        if isinstance(content, dict):
            return content
    return {}


def _is_free(held: bytes) -> bool:
    """Whether the holder released it, or was a process of this machine that is gone."""
    content = _read(held)
    if content.get("released") is True:
        return True
    pid, machine = content.get("pid"), content.get("machine")
    if not machine or machine != _machine() or not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return True
    except (OSError, OverflowError, IndexError):
        return False
    return state == "Z"  # it has ended, but its parent has not asked how


def _who(held: bytes) -> str:
    content = _read(held)
    return f"a run on {str(content.get('host', 'another machine'))[:100]!r} (process {content.get('pid')!r})"
