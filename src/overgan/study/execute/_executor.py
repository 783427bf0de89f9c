"""The seam between a study and the machines that it runs on."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

GRACE_SECONDS = 30.0  # for a worker to see that its study was killed, and to end
STOP_SECONDS = 8.0  # for a worker to write its checkpoint when the study is stopped, which takes 10 in all


class WorkerError(RuntimeError):
    """A worker ended before its work did, through no mistake of the user's."""


@dataclass(frozen=True)
class Job:
    """A study whose groups are to be finished."""

    folder: Path  # of the study on this machine, where it is described
    store: str  # where workers find the study and leave results: that folder, in full, or an address such as s3://…
    workers: int  # processes, or whatever the executor has in their place; at once, at most
    devices: list[str]  # that the workers run on, in turn
    threads: int  # of each worker
    address: str = ""  # of the cluster, where there is one
    options: Mapping[str, Any] = field(default_factory=dict)  # of the executor, by name
    widths: Sequence[int] = ()  # of the groups that are not finished
    following: Callable[[], Sequence[int]] = tuple  # asked when they are: what is to be finished next, if anything


@runtime_checkable
class Executor(Protocol):
    """Starts workers that call `finish_groups`, and answers for them. One executor serves one job."""

    def start(self, job: Job) -> None:
        """Start the workers of a job, and return."""

    def working(self) -> bool:
        """Whether a worker is still at work.

        Raises OverganError if one ended for a mistake of the user's, WorkerError if no more can be done and groups are
        not finished.
        """

    def stop(self) -> None:
        """Return when no worker is left; those that are still at work write a checkpoint first, if they can."""


class Elsewhere(Executor):
    """An executor whose workers are on other machines, which decide what they run on and how many at once.

    Its job's device is auto, cpu or cuda, and is looked for where the worker runs. To be derived from.
    """

    detached: ClassVar[bool] = False  # whether the work goes on when this process has ended, which then need not wait

    @classmethod
    @abstractmethod
    def check(cls, job: Job) -> None:
        """Raise OverganError if a package is missing or an option is wrong, before anything is written."""
