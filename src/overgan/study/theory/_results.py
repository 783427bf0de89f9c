"""The results of theory studies."""

import io
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from pydantic import Field, create_model

from overgan.disk import NpzArrays, write_table
from overgan.errors import OverganError
from overgan.study._mirror import fetch, for_reports
from overgan.study._rows import Row, checked
from overgan.study._status import GroupStatus
from overgan.study._store import STUDY, Description
from overgan.study._study import Study
from overgan.study.analysis import Recommendation, recommend
from overgan.study.theory._claims import Cases
from overgan.study.theory._runs import CURVES, RUNS, Curves, Rows, curves_file, read_curves, read_runs, whole_runs


class Run(Row):
    """A row of a run and case; the conditions of a certificate have names."""

    __pydantic_extra__: dict[str, bool | float | None]

    diverged: bool
    seconds: float = Field(ge=0)
    conditions: dict[str, bool] = Field({})


class TheoryStudy(Study):
    """The results of a study whose runs each look at several cases."""

    columns: ClassVar[list[str]]  # of the frame
    case: ClassVar[str]  # the column that names the case
    success: ClassVar[str]  # the column that says whether it succeeded
    succeeded: ClassVar[str]  # a word for those that did

    def __init_subclass__(cls) -> None:
        """Rows must have those columns."""
        fields: Any = {cls.case: (str, ...), cls.success: (bool, ...)}
        cls.row = create_model("Run", __base__=Run, **fields)

    def __init__(self, folder: Path, description: Description):
        for width in description.spec.widths:
            if "generator" not in description.parameters.get(width, {}):
                raise OverganError(f"{folder / STUDY} lacks the parameters of k = {width}; restore it from a copy")
        super().__init__(folder, description)

    def frame(self) -> pd.DataFrame:
        """One row per run and case, with its width k and its seed."""
        frame = self._rows(RUNS, self.columns)
        return frame.astype({name: float for name in frame if len(frame) and frame[name].isna().all()})  # null on disk

    def has_residuals(self) -> bool:
        """Whether there are curves of any run; a study that was passed on as tables has none."""
        fetch(self.folder, for_reports, self.spec.widths)
        return any(curves_file(self.group(k), seed).exists() for k in self.spec.widths for seed in self.spec.seeds)

    def residuals(self, width: int, seed: int) -> Curves:
        """The curves of one run by name, from step 0 until it ended.

        Raises OverganError if that run is not finished.
        """
        path = curves_file(self.group(width), seed)
        if not path.exists():
            fetch(self.folder, for_reports, [width])
        content = read_curves(self.group(width), seed, read_runs(self.group(width)))
        try:
            return dict(NpzArrays(io.BytesIO(content)))
        except (OSError, ValueError) as error:
            raise OverganError(
                f"{path} cannot be read ({error}); restore it, or move {path.parent} away and run the study again"
            ) from None

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        rows, first = self._group_rows(width, RUNS), self.cases[0]
        done = len({row["seed"] for row in rows})
        diverged = len({row["seed"] for row in rows if row["diverged"]})
        count = sum(row[self.success] for row in rows if row[self.case] == first)
        return GroupStatus(
            width=width,
            unit="run",
            done=done,
            total=len(self.spec.seeds),
            seconds=math.fsum(row["seconds"] for row in rows),
            result=f"{first}: {count} of {done} {self.succeeded}" if done else "",
            diverged=diverged,
            complete=done == len(self.spec.seeds),
            quantity=f"{first}: {self.succeeded}",
            value=count if done else None,
            runs=len(self.spec.seeds),
            finished=done - diverged,
        )

    def heal(self, width: int) -> None:
        """Runs whose curves are damaged are no longer done."""
        group = self.group(width)
        if (rows := whole_runs(group)) != read_runs(group):
            write_table(group / RUNS, rows)

    def _group_rows(self, width: int, _file: str) -> Rows:
        rows = [{key: row[key] for key in row if key != CURVES} for row in read_runs(self.group(width))]
        return checked(rows, self.row, self.group(width) / RUNS)

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

    def _cases(self, confidence: float | None) -> Cases:
        """What its claims are made of."""
        return Cases(self.frame(), self.case, self.cases, self.confidence(confidence))

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
