"""The results of theory studies."""

import math
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from overgan.disk import read_jsonl
from overgan.errors import OverganError
from overgan.study._mirror import fetch, for_reports
from overgan.study._status import GroupStatus
from overgan.study._study import Study
from overgan.study.analysis import Recommendation, recommend
from overgan.study.theory._runs import RUNS, Curves, curves_file


class TheoryStudy(Study):
    """The results of a study whose runs each look at several cases."""

    columns: ClassVar[list[str]]  # of the frame
    case: ClassVar[str]  # the column that names the case
    success: ClassVar[str]  # the column that says whether it succeeded
    succeeded: ClassVar[str]  # a word for those that did

    def frame(self) -> pd.DataFrame:
        """One row per run and case, with its width k and its seed."""
        frame = self._rows(RUNS, self.columns)
        return frame.astype({name: float for name in frame if len(frame) and frame[name].isna().all()})  # null on disk

    def residuals(self, width: int, seed: int) -> Curves:
        """The curves of one run by name, from step 0 until it ended.

        Raises OverganError if that run is not finished.
        """
        path = curves_file(self.group(width), seed)
        if not path.exists():
            fetch(self.folder, for_reports, [width])
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                return dict(arrays)
        except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise OverganError(
                f"{path} cannot be read ({error}); restore it, or move {path.parent} away and run the study again"
            ) from None

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        rows, first = read_jsonl(self.group(width) / RUNS), self.cases[0]
        done = len({row["seed"] for row in rows})
        count = sum(row[self.success] for row in rows if row[self.case] == first)
        return GroupStatus(
            width=width,
            unit="run",
            done=done,
            total=len(self.spec.seeds),
            seconds=math.fsum(row["seconds"] for row in rows),
            result=f"{first}: {count} of {done} {self.succeeded}" if done else "",
            diverged=len({row["seed"] for row in rows if row["diverged"]}),
            complete=done == len(self.spec.seeds),
            quantity=f"{first}: {self.succeeded}",
            value=count if done else None,
        )

    def recommend(self, tolerance: float | None = None, confidence: float = 0.95) -> Recommendation:
        """The narrowest width at which the first case succeeds in a share of at least 1 − tolerance of the runs.

        tolerance: by default the spec's. confidence: of the interval, and that the share is as large.
        Raises OverganError if no run is finished, or none succeeded.
        """
        first = self.cases[0]
        rows = self.frame()
        rows = rows[rows[self.case] == first]
        if len(rows) and not rows[self.success].any():
            raise OverganError(self._no_success(first))
        found = recommend(
            {k: rows[self.success][rows.k == k].to_numpy(bool) for k in self.spec.widths},
            self.spec.tolerance if tolerance is None else tolerance,
            confidence,
            quantity=self._success(first),
        )
        return replace(found, missing=(*found.missing, *self._unfinished()))

    @property
    @abstractmethod
    def cases(self) -> Sequence[str]:
        """The names of what every run looks at: methods, or GANs. The first one decides the width."""

    @abstractmethod
    def _no_success(self, first: str) -> str:
        """What to say if the first case succeeds at no width."""

    @abstractmethod
    def _success(self, first: str) -> str:
        """What successful runs of the first case have done, in words."""
