"""A study on disk, as Python values: what every kind has."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from overgan.check import check
from overgan.disk import read_table
from overgan.errors import OverganError
from overgan.own import importing_only
from overgan.stores import address_of
from overgan.study._rounds import CONFIDENCE, read_rounds, seeds_wanted
from overgan.study._rows import Row, checked
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus
from overgan.study._store import Description, group_folder
from overgan.study.analysis import Claim, Recommendation
from overgan.words import joined

Version = tuple[int, int, int] | None  # of a file, None of one that is missing


class Study(ABC):
    """The results in a study's folder, finished or not, as they are on disk when they are asked for."""

    row: ClassVar[type[Row]] = Row  # what a row of its files must be
    beside: ClassVar[tuple[str, ...]] = ()  # files of a group that say which rows of others count

    def __init__(self, folder: Path, description: Description):
        self.folder = folder
        self.description = description
        self.spec: Spec = description.spec
        self._read: dict[tuple[str, *tuple[int, ...]], tuple[list[Version], pd.DataFrame]] = {}  # by file and widths
        self.trusted = False  # whether code that the folder names may be run

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place!r})"

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """One row per run and measurement, with its width k and its seed."""

    @abstractmethod
    def recommend(self, tolerance: float | None = None, confidence: float = 0.95) -> Recommendation:
        """The width to use.

        tolerance: by default the spec's. confidence: of the interval. Raises OverganError if no run is finished.
        """

    def headlines(self, tolerance: float | None = None, confidence: float | None = None) -> list[str]:
        """The recommendation in words, and what must be said beside it. Raises what `recommend` does.

        tolerance: by default the spec's. confidence: as of the method `confidence`.
        """
        return [str(self.recommend(tolerance, self.confidence(confidence)))]

    def claims(self, confidence: float | None = None) -> list[Claim]:  # noqa: ARG002 - kinds with claims use it
        """What the study says of each of the paper's statements; none in a kind of study that no claim is about.

        confidence: of the intervals, as of the method `confidence`, which raises OverganError if it is out of range.
        What is missing raises nothing: the claims say it.
        """
        return []

    def confidence(self, asked: float | None = None) -> float:
        """The one asked for; by default that of a study which is to go on until it is sure, else 0.95.

        Raises OverganError for one that is out of range.
        """
        if asked is not None:
            check(0 < asked <= 0.999, "confidence", asked, "above 0, and at most 0.999, which simulations resolve")
            return asked
        rounds = read_rounds(self.folder)
        return rounds.confidence if rounds else CONFIDENCE

    @abstractmethod
    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""

    def status(self) -> list[GroupStatus]:
        """How far every group is, the narrowest first."""
        return [self.group_status(width) for width in self.spec.widths]

    def heal(self, width: int) -> None:  # noqa: B027 - a kind may have nothing that can be made again
        """Put aside, with a notice, what is damaged of a width and can be made again by training, or running, on.

        For a process that no other writes beside. Raises OverganError if it cannot be made again.
        """

    def narrowed(self, widths: Iterable[int]) -> "Study":
        """The study with these of its widths alone, for its frame, recommendation and status; on disk nothing changes.

        Raises OverganError if it has no such width, or none is given.
        """
        chosen, known = sorted(set(widths)), self.spec.widths
        check(chosen, "widths", "empty", f"some of {_listed(known)}")
        if unknown := [width for width in chosen if width not in known]:
            raise OverganError(
                f"{{argument}}: {self.folder} has no k = {_listed(unknown)}; it has {_listed(known)}", "widths"
            )
        view = copy.copy(self)
        view.spec = self.spec.model_copy(update={"widths": chosen})
        return view

    @property
    def shown(self) -> str:
        """What a narrowed study is of, such as "2 of 8 widths: k = 4, 16"; empty if it has all of its widths."""
        widths, all_widths = self.spec.widths, self.description.spec.widths
        return f"{len(widths)} of {len(all_widths)} widths: k = {_listed(widths)}" if widths != all_widths else ""

    @property
    def place(self) -> str:
        """Where the study is kept: its folder, or the address that its folder mirrors."""
        return address_of(self.folder) or str(self.folder)

    def seeds(self, width: int) -> list[int]:
        """Those that a width should have by now, in their order."""
        return seeds_wanted(self.folder, self.spec, width)

    def runs(self, width: int) -> int:
        """How many runs a width should have by now."""
        return len(self.seeds(width)) * self.spec.runs_a_seed

    def group(self, width: int) -> Path:
        """The folder of one width."""
        return group_folder(self.folder, width)

    def sample(self, *_: Any, **__: Any) -> UInt8[np.ndarray, "n h w c"]:
        """Images of one run. Raises OverganError if this kind of study makes none."""
        raise OverganError(f"{self.folder} holds a study of the kind {self.spec.kind}, which makes no images")

    def generator(self, *_: Any, **__: Any) -> Any:
        """The generator of one run. Raises OverganError if this kind of study trains no network that makes images."""
        raise OverganError(f"{self.folder} holds a study of the kind {self.spec.kind}, which makes no images")

    def evaluate(self, *_: Any, **__: Any) -> pd.DataFrame:
        """Metrics of the images of finished runs. Raises OverganError if this kind of study makes none."""
        raise OverganError(f"{self.folder} holds a study of the kind {self.spec.kind}, which makes no images")

    def write_samples(self, *_: Any, **__: Any) -> Path:
        """Images of one run as PNG files. Raises OverganError if this kind of study makes none."""
        raise OverganError(f"{self.folder} holds a study of the kind {self.spec.kind}, which makes no images")

    def naming(self, *names: str) -> AbstractContextManager[None]:
        """Meanwhile the only code of a user's that is run is what the caller names, or, of a trusted study, any."""
        return importing_only(None if self.trusted else names)

    def _unfinished(self) -> tuple[str, ...]:
        """What a recommendation lacks if some widths are not finished, in words."""
        widths = [group.width for group in self.status() if not group.complete]
        return (f"the runs of k = {joined(widths)} that are not finished yet",) if widths else ()

    def _rows(self, file: str, columns: list[str]) -> pd.DataFrame:
        """The rows of a file of every group, with its width; the columns are those of a study without rows.

        They are read again only if a file has changed.
        """
        names = (file, *self.beside)
        versions = [_version(self.group(width) / name) for width in self.spec.widths for name in names]
        known, frame = self._read.get((file, *self.spec.widths), (None, None))
        if frame is None or versions != known:
            rows = [{"k": width} | row for width in self.spec.widths for row in self._group_rows(width, file)]
            found = [*rows[0], *(column for column in columns if column not in rows[0])] if rows else columns
            frame = pd.DataFrame(rows, columns=list(dict.fromkeys([*found, *(key for row in rows for key in row)])))
            self._read[file, *self.spec.widths] = versions, frame
        return frame.copy()

    def _group_rows(self, width: int, file: str) -> list[dict[str, Any]]:
        """The rows of a file of one group, with the keys that they have in `frame`."""
        path = self.group(width) / file
        return checked(read_table(path), self.row, path)


def _version(path: Path) -> Version:
    """What differs once a file has been appended to or replaced."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _listed(widths: Iterable[int]) -> str:
    return ", ".join(map(str, widths))
