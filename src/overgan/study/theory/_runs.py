"""What theory studies share: a run is short, gives rows and curves, and has no checkpoints."""

import io
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float
from pydantic import StringConstraints

from overgan.disk import notice, read_table, remove_unfinished, sha256, write_atomic, write_table
from overgan.errors import OverganError
from overgan.study._kind import Cost, Paces, S, Stopping, Work
from overgan.study._spec import Spec
from overgan.study._store import group_folder
from overgan.study.analysis import runs_needed
from overgan.words import percent

RUNS = "runs.jsonl"
CURVES = "curves"  # the key of a row that has the SHA-256 of its run's curves, if it has some
CONFIDENCE = 0.95  # of a recommendation, by default
ROW, HEADER = 2_000, 1_000  # bytes of a case's row, and beside the numbers of its curves, at most
PAGE = 16 * 2**20  # the library that draws the report, and figures, beside what they show
DRAWN = 100_000  # bytes of the curves of a width and a case, as the report and its figures have them

Name = Annotated[str, StringConstraints(pattern=r"^[\w ,=()-]+$")]  # of a case: a key in an .npz file too
Curves = dict[str, Float[np.ndarray, " steps"]]
Rows = list[dict[str, Any]]  # with the seed, the case, whether it succeeded, whether it diverged, and its seconds
Run = Callable[[S, int, int], tuple[Curves, Rows]]  # of a spec, a seed and a width; a row for each case


def curves_file(group: Path, seed: int) -> Path:
    """The file with the curves of one run."""
    return group / f"residuals-{seed:04d}.npz"


def read_runs(group: Path) -> Rows:
    """The rows of the runs that are done; none, with a notice, if they are damaged: the runs are short."""
    try:
        return read_table(group / RUNS, f"the runs in {group} are done again when the study goes on")
    except OverganError as error:
        notice(error.message, group / RUNS)
        return []


def read_curves(group: Path, seed: int, rows: Rows) -> bytes:
    """The file with the curves of one run. Raises OverganError if it is missing, or not as the run's rows know it."""
    path = curves_file(group, seed)
    mend = "the run is done again when the study goes on"
    known = {row[CURVES] for row in rows if row["seed"] == seed and CURVES in row}  # older versions had none
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OverganError(f"{path} cannot be read ({error}); {mend}") from None
    if known - {sha256(content)}:
        raise OverganError(f"{path} is damaged (its checksum is wrong); {mend}")
    return content


def whole_runs(group: Path) -> Rows:
    """The rows of the runs that are done and whose curves are not damaged; of those that are, there is a notice."""
    rows = read_runs(group)
    damaged = set()
    for seed in {row["seed"] for row in rows if CURVES in row}:
        try:
            read_curves(group, seed, rows)
        except OverganError as error:
            notice(error.message, curves_file(group, seed))
            damaged.add(seed)
    return [row for row in rows if row["seed"] not in damaged]


def _finite(value: Any) -> Any:
    """The value, or None for a number that is none, as of the square of a residual that blew up: JSON has no other."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def finite_part(norms: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " finite"]:
    """The norms before the first that is beyond all numbers, as where a run blew up within a step."""
    return norms[np.logical_and.accumulate(np.isfinite(norms))]


def cost(run: Run[S], cases: Callable[[S], int], curves: Callable[[S], int] = lambda _spec: 0) -> Cost[S]:
    """What a study takes whose runs are done so.

    cases: that a run looks at. curves: the numbers of a run's curves.
    """

    def storage(spec: S) -> dict[str, int]:
        runs = len(spec.widths) * len(spec.seeds)
        numbers, rows = runs * curves(spec), runs * cases(spec) * ROW
        kept = numbers * np.float64().nbytes + (runs * cases(spec) * HEADER if numbers else 0)
        return {"curves": kept, "rows": rows, "report": PAGE + rows + len(spec.widths) * cases(spec) * DRAWN}

    return Cost(
        paces=lambda spec, _threads: _paces(run, spec),
        times=lambda spec, threads: {"run": math.ceil(len(spec.seeds) / threads)},  # as many at once
        storage=storage,
        lacks=_lacks,
    )


def _paces(run: Run[S], spec: S) -> Paces:
    """Seconds of the first seed's run at every width."""
    run(spec, spec.seeds[0], spec.widths[0])  # compiles
    found = {}
    for width in spec.widths:
        start = time.perf_counter()
        run(spec, spec.seeds[0], width)
        found[width] = {"run": time.perf_counter() - start}
    return found


def _lacks(spec: Spec) -> tuple[str, ...]:
    """Seeds, if no share that is large enough could be shown even if no run failed."""
    share, seeds = 1 - spec.tolerance, len(spec.seeds)
    if seeds >= (needed := runs_needed(share, CONFIDENCE)):
        return ()
    return (
        f"{needed} seeds, none of which fails, to show with {percent(CONFIDENCE)} confidence that a share of "
        f"{percent(share)} succeeds: there are {seeds}",
    )


def worker(run: Run[S], spec: S, folder: Path, threads: int, _device: str) -> Work:
    """What does every run of a width that its folder lacks, as many at once as there are threads."""

    def work(width: int, stopping: Stopping) -> None:
        group = group_folder(folder, width)
        for name in (RUNS, "residuals-*.npz"):
            remove_unfinished(group, name)
        rows = whole_runs(group)
        known = {row["seed"] for row in rows}
        seeds = [seed for seed in spec.seeds if seed not in known]
        with ThreadPoolExecutor(threads) as pool:
            results = pool.map(lambda seed: run(spec, seed, width), seeds)
            for seed, (curves, more) in zip(seeds, results, strict=True):
                of_file = {CURVES: _write_curves(group, seed, curves)} if curves else {}
                rows += [{key: _finite(value) for key, value in row.items()} | of_file for row in more]
                rows.sort(key=lambda row: spec.seeds.index(row["seed"]))  # one may be done again
                write_table(group / RUNS, rows)
                if stopping():
                    pool.shutdown(cancel_futures=True)
                    return

    return work


def _write_curves(group: Path, seed: int, curves: Curves) -> str:
    """Write the curves of one run; the SHA-256 of their file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **curves)  # type: ignore[arg-type] # of names of our own
    write_atomic(curves_file(group, seed), buffer.getvalue())
    return sha256(buffer.getvalue())
