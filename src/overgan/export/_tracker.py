"""What a tool that shows curves is asked for."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from overgan.export._rows import Point
from overgan.study import Study


class Tracker(ABC):
    """Takes the numbers of a study's runs as they come; each run is one there, too.

    goes_on: whether a run that another process began can be gone on with; else it is begun anew, with all of its rows.
    sure: whether points are there once `write` returns; else they are once `end` does.
    beside: whether they are there beside `state`, and so are moved and copied with it.
    place: where the runs are, in words. state: the file in which overgan keeps what it has sent there.
    study_id: of the study there, unlike that of any other; overgan makes it up, keeps it in `state`, and gives it.
    """

    goes_on: bool = True
    sure: ClassVar[bool] = True
    beside: bool = False
    place: str
    state: Path
    study_id: str

    @abstractmethod
    def __init__(self, study: Study, out: Path, of: str):
        """study: it is only read. out: a folder for exports, not yet there. of: what the user wrote after the colon."""

    @abstractmethod
    def begin(self, run: str, facts: dict[str, str | float], times: int) -> None:
        """Begin a run of that name with the facts; what of it was there before no longer counts.

        times: how often it was begun before.
        """

    @abstractmethod
    def write(self, run: str, times: int, points: Sequence[Point]) -> None:
        """Add points to a run.

        times: how often it was begun before it was last.
        """

    @abstractmethod
    def end(self) -> None:
        """Nothing more comes from this process."""
