"""A kind of study, as a record: all that is not the same in every study."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from overgan.data import Progress
from overgan.errors import OverganError
from overgan.study._rounds import Round, Rounds
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus
from overgan.study._store import Description

if TYPE_CHECKING:  # its pandas and SciPy take half a second
    from overgan.study._study import Study

S = TypeVar("S", bound=Spec)
Stopping = Callable[[], bool]
Work = Callable[[int, Stopping], None]  # all runs of one width, those that are done left out, until told to stop
Paces = dict[int, dict[str, float]]  # width -> what its group does again and again -> seconds each time


@dataclass(frozen=True)
class Facts:
    """What a study's numbers depend on beside its spec, as study.json keeps it."""

    data: dict[str, Any] = field(default_factory=dict)  # what identifies the images
    features: dict[str, dict[str, Any]] = field(default_factory=dict)  # feature space -> what identifies it
    parameters: dict[int, dict[str, int]] = field(default_factory=dict)  # width -> network -> trained numbers of a run


@dataclass(frozen=True)
class Cost(Generic[S]):
    """What a study of a kind takes, as far as that can be said before it begins.

    A group takes the sum of its paces, each as many times as `times` says.
    """

    paces: Callable[[S, int], Paces]  # on this machine, with so many threads a group, measured when it is called
    times: Callable[[S, int], dict[str, float]]  # how often a group with so many threads does each
    free: dict[str, Any] = field(default_factory=dict)  # keys on which no pace depends, as pydantic excludes them
    uncounted: Callable[[S], str] = lambda _spec: ""  # what takes time and has no pace, in words
    storage: Callable[[S], dict[str, int]] = lambda _spec: {}  # what is on disk in the end -> bytes, at most
    lacks: Callable[[S], tuple[str, ...]] = lambda _spec: ()  # what no results can make up for, beside seeds and widths


@dataclass(frozen=True)
class Planner(Generic[S]):
    """How a study goes on until it is sure."""

    check: Callable[[S], None]  # raises OverganError if a study of the spec cannot
    iterations: Callable[[S], int]  # of every run
    at_round: Callable[[S, Round], S]  # the spec with the widths and the length of a round
    described: Callable[[Description, Round], Description]  # study.json with these
    next_round: Callable[[Path, Description, Rounds], Round | None]  # from the store alone; None if there is none


def cpu_only(device: str) -> list[str]:
    """The CPU, for kinds that use nothing else. Raises OverganError if a GPU is wanted."""
    if device not in ("auto", "cpu"):
        raise OverganError(f"{{argument}} is {device}, but this kind of study runs on the CPU; leave it out", "device")
    return ["cpu"]


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A kind of study.

    Whatever looks at images or networks is called once, before any work begins, and may raise OverganError.
    """

    spec: type[S]  # the model of its spec
    study: Callable[[Path, Description], "Study"]  # the results in a folder that is described so
    length: Callable[[S], str]  # how long a run is, in a few words
    scaled: Callable[[S, float, Collection[str]], S]  # its iterations and samples multiplied, but of the keys given
    facts: Callable[[S], Facts]  # what must be the same when the study goes on
    cost: Cost[S]  # what it takes
    worker: Callable[[S, Path, int, str], Work]  # from folder, threads and device: what a worker does for each width
    group_status: Callable[[Path, S, int], GroupStatus] | None = None  # of a width in a folder, if the study's is slow
    subject: Callable[[S], str] = lambda spec: spec.kind  # what is trained or looked at, in a few words
    devices: Callable[[str], list[str]] = cpu_only  # what the workers run on, in turn, from auto, cpu or cuda
    prepare: Callable[[S, Progress], None] = lambda _spec, _progress: None  # long work, once, that the facts would do
    notice: Callable[[S], str] = lambda _spec: ""  # what the user should know before it runs, if anything
    lengthened: Callable[[S, S], S] = lambda old, _new: old  # the old spec, as long as the new one if runs can go on
    planner: Planner[S] | None = None  # what decides which runs come next until it is sure, if a study of the kind can
