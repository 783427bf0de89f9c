"""What width studies of the theory have in common: a run is short, gives rows and curves, and has no checkpoints."""

import io
import time
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Float
from pydantic import StringConstraints

from overgan.disk import read_jsonl, write_atomic, write_jsonl
from overgan.errors import OverganError
from overgan.study._analysis import Recommendation, recommend
from overgan.study._spec import Spec, Stopping, Work
from overgan.study._status import GroupStatus
from overgan.study._store import cores, group_folder
from overgan.study._study import Study

RUNS = "runs.jsonl"

Name = Annotated[str, StringConstraints(pattern=r"^[\w ,=()-]+$")]  # a key in an .npz file too
Curves = dict[str, Float[np.ndarray, " steps"]]
Rows = list[dict[str, Any]]  # with the seed, the case, whether it succeeded, whether it diverged, and its seconds


class TheorySpec(Spec):
    """A study whose runs each look at several cases: methods, or GANs."""

    @property
    @abstractmethod
    def cases(self) -> Sequence[str]:
        """What every run looks at; the first one decides the width."""

    @abstractmethod
    def run(self, seed: int, width: int) -> tuple[Curves, Rows]:
        """Curves by name, none if the kind has no curves, and a row for each case."""

    def seconds(self) -> float:
        """The first seed of every width, times the number of seeds."""
        self.run(self.seeds[0], self.widths[0])  # compiles
        start = time.perf_counter()
        for width in self.widths:
            self.run(self.seeds[0], width)
        return (time.perf_counter() - start) * len(self.seeds) / min(cores(), len(self.widths))

    def worker(self, folder: Path, threads: int, device: str) -> Work:  # noqa: ARG002 — always the CPU
        """Do every run of a width that its folder lacks."""

        def work(width: int, stopping: Stopping) -> None:
            group = group_folder(folder, width)
            rows = read_jsonl(group / RUNS)
            known = {row["seed"] for row in rows}
            seeds = [seed for seed in self.seeds if seed not in known]
            with ThreadPoolExecutor(threads) as pool:
                results = pool.map(partial(self.run, width=width), seeds)
                for seed, (curves, more) in zip(seeds, results, strict=True):
                    if curves:
                        buffer = io.BytesIO()
                        np.savez_compressed(buffer, **curves)  # type: ignore[arg-type] # of names of our own
                        write_atomic(curves_file(group, seed), buffer.getvalue())
                    rows += more
                    write_jsonl(group / RUNS, rows)
                    if stopping():
                        pool.shutdown(cancel_futures=True)
                        return

        return work


class TheoryStudy(Study):
    """The results of a study of the theory."""

    spec: TheorySpec
    columns: ClassVar[list[str]]  # of the frame
    case: ClassVar[str]  # the column that names the case
    success: ClassVar[str]  # the column that says whether it succeeded
    succeeded: ClassVar[str]  # a word for those that did

    def frame(self) -> pd.DataFrame:
        """One row per run and case, with its width k and its seed."""
        return self._rows(RUNS, self.columns)

    def residuals(self, width: int, seed: int) -> Curves:
        """The curves of one run by name, from step 0 until it ended.

        Raises OverganError if that run is not finished.
        """
        path = curves_file(self.group(width), seed)
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                return dict(arrays)
        except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise OverganError(
                f"{path} cannot be read ({error}); restore it, or move {path.parent} away and run the study again"
            ) from None

    def group_status(self, width: int) -> GroupStatus:
        """How far the group of one width is."""
        needed = list(dict.fromkeys(["seed", *self.columns[2:], "diverged", "seconds"]))
        rows = pd.DataFrame(read_jsonl(self.group(width) / RUNS), columns=needed)
        done, first = rows.seed.nunique(), self.spec.cases[0]
        count = int(rows[self.success][rows[self.case] == first].sum())
        return GroupStatus(
            width=width,
            unit="run",
            done=done,
            total=len(self.spec.seeds),
            seconds=float(rows.seconds.sum()),
            result=f"{first}: {count} of {done} {self.succeeded}" if done else "",
            diverged=rows.seed[rows.diverged.astype(bool)].nunique(),
            complete=done == len(self.spec.seeds),
        )

    def recommend(self, tolerance: float | None = None) -> Recommendation:
        """The smallest width at which the first case succeeds as often as at the best one, usually always.

        Raises OverganError if no run is finished, or none succeeded.
        """
        first = self.spec.cases[0]
        rows = self.frame()
        rows = rows[rows[self.case] == first]
        if len(rows) and not rows[self.success].any():
            raise OverganError(self._no_success(first))
        return recommend(
            {k: 1.0 - rows[self.success][rows.k == k].to_numpy(float) for k in self.spec.widths},
            self.spec.tolerance if tolerance is None else tolerance,
            self._share_of_failures(first),
        )

    @abstractmethod
    def _no_success(self, first: str) -> str:
        """What to say if the first case succeeds at no width."""

    @abstractmethod
    def _share_of_failures(self, first: str) -> str:
        """The share that is smallest at the recommended width, in words."""


def curves_file(group: Path, seed: int) -> Path:
    """The file with the curves of one run."""
    return group / f"residuals-{seed:04d}.npz"
