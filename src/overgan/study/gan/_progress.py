"""How far a group is: what its progress.json says, or, where that is damaged, its checkpoint and evaluations."""

import logging
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.disk import read_json, write_json
from overgan.errors import OverganError
from overgan.metrics import current_row, frechet_label
from overgan.study._rounds import seeds_wanted
from overgan.study._status import GroupStatus
from overgan.study._store import group_folder
from overgan.study.gan._spec import GanSpec
from overgan.training import (
    ADDING,
    EVALUATIONS,
    PROGRESS,
    Checkpoint,
    best_distance,
    read_checkpoint,
    read_rows,
    seeds_of,
)
from overgan.words import number


class Reached(BaseModel):
    """The content of progress.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    iteration: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)  # of training, evaluation not counted
    frechet_test: float | None = None  # the latest mean over the runs, in the spec's first feature space
    learning_rate: float | None = None  # of these runs: the best, if there are several


def group_status(folder: Path, spec: GanSpec, width: int) -> GroupStatus:
    """How far the group of one width is in a folder: that of its first seeds, then of those that it is given."""
    group, wanted, iterations = group_folder(folder, width), seeds_wanted(folder, spec, width), spec.train.iterations
    checkpoint = read_checkpoint(group)
    progress = reached(group, checkpoint, iterations)
    complete = checkpoint is not None and checkpoint.ends(iterations)
    there = seeds_of(checkpoint, wanted) or wanted
    diverged = len(checkpoint.diverged) if checkpoint else 0
    finished = len(there) * spec.runs_a_seed - diverged if complete else 0
    more = [seed for seed in wanted if seed not in there]
    done, seconds, expected = progress.iteration, progress.seconds, None
    later = read_checkpoint(group / ADDING)
    if complete and (more or later):
        beside = reached(group / ADDING, later, iterations)
        if later and not read_checkpoint(group / ADDING):  # they became runs of the group meanwhile
            return group_status(folder, spec, width)
        complete, done, seconds = False, beside.iteration, beside.seconds
        more = seeds_of(later, wanted) or more
        expected = progress.seconds / max(progress.iteration, 1) * len(more) / len(there)
    distance = progress.frechet_test
    quantity = f"test {frechet_label(spec.evaluate.features[0])}"
    at = f" at learning rate {progress.learning_rate:g}" if progress.learning_rate else ""
    return GroupStatus(
        width=width,
        unit="iteration",
        done=done,
        total=iterations,
        seconds=seconds,
        result=f"{quantity} {number(distance)}{at}" if distance is not None else "",
        diverged=diverged,
        complete=complete,
        quantity=quantity,
        value=distance,
        learning_rate=progress.learning_rate,
        runs=max(len(there), len(wanted)) * spec.runs_a_seed,
        finished=finished,
        before=progress.seconds if expected is not None else 0.0,
        expected=expected,
    )


def reached(group: Path, checkpoint: Checkpoint | None, iterations: int) -> Reached:
    """How far the group in the folder is, of so many iterations.

    A progress.json that is damaged, or is missing beside a checkpoint, is written anew, with a notice.
    """
    path = group / PROGRESS
    if not path.exists() and not checkpoint:
        return Reached()
    end = checkpoint.iteration if checkpoint and checkpoint.ends(iterations) else None
    behind = False
    try:
        values = read_json(path)
        found = Reached.model_validate(current_row(values) if isinstance(values, dict) else values)
        if found.iteration <= iterations and end in (None, found.iteration):
            return found
        behind = end is not None and found.iteration < end  # a kill came between the checkpoint and what is said of it
    except (OverganError, ValidationError):
        pass
    if checkpoint and not read_checkpoint(group):  # it is being removed: its runs became another group's
        return Reached()
    rebuilt = _rebuilt(group, checkpoint) if checkpoint else Reached()
    if not behind:
        logging.getLogger(__name__).warning(
            f"overgan: {path} was damaged or missing, so it was made again from the last checkpoint"
        )
    with suppress(OSError):  # a folder that can only be read
        write_json(path, rebuilt.model_dump())
    return rebuilt


def _rebuilt(group: Path, checkpoint: Checkpoint) -> Reached:
    rows = [current_row(row) for row in read_rows(group, EVALUATIONS)]
    best = best_distance([row for row in rows if row["iteration"] <= checkpoint.iteration])
    return Reached(iteration=checkpoint.iteration, seconds=checkpoint.seconds, **best)
