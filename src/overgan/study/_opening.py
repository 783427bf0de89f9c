"""What a run is about to do, before it does it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from overgan.errors import OverganError
from overgan.study._cost import study_seconds
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus, seconds_left


@dataclass(frozen=True)
class Opening:
    """What a run is about to do; known before its images are read."""

    spec: Spec
    folder: Path
    devices: Sequence[str]  # that the workers run on, in turn
    workers: int
    threads: int  # of each worker
    groups: Sequence[GroupStatus]  # how far a study is that goes on; none of a new one
    executor: str = "local"  # what starts the workers
    detached: bool = False  # whether they go on when this process has ended

    @property
    def seconds(self) -> float | None:
        """The time that is left, as far as it is known: at the pace so far, or as `overgan presets --time` measured."""
        left = seconds_left(list(self.groups), self.workers)
        if left is not None or any(device != "cpu" for device in self.devices):
            return left
        with suppress(OverganError, OSError):  # what was measured cannot be read: it is not known
            return study_seconds(self.spec, self.workers)
        return None


Opened = Callable[[Opening], None]
