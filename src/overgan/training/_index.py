"""The index of a group's newest checkpoint, which is read without its tensors, and without PyTorch."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from overgan.disk import read_json, sha256
from overgan.errors import OverganError

INDEX = "checkpoint.json"
LOG, EVALUATIONS, PROGRESS = "log.jsonl", "evaluations.jsonl", "progress.json"
SAMPLES, NEIGHBOURS = "samples", "neighbours"


class Rows(BaseModel):
    """How many lines of a file a checkpoint counts on, and their checksum; later ones may follow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    sha256: str


class Checkpoint(BaseModel):
    """The index of a group's newest checkpoint, which is also the group's state for everybody else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str
    iteration: int
    seeds: list[int]  # of the replicas in the file
    diverged: dict[int, int]  # seed -> iteration at which it was found
    seconds: float  # of training, evaluation not counted
    complete: bool
    rows: dict[str, Rows] = {}  # file -> its rows; older versions had none
    checksum: str = ""  # of all the rest

    def ends(self, iterations: int) -> bool:
        """Whether nothing is left of so many iterations: all are done, evaluated and saved, or every replica diverged.

        A study may since have been made longer than it was when this checkpoint completed it.
        """
        return self.complete and (self.iteration >= iterations or not self.seeds)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The index of a group's newest checkpoint, if there is one. Raises OverganError if it is damaged."""
    if not (folder / INDEX).exists():
        return None
    try:
        checkpoint = Checkpoint.model_validate(read_json(folder / INDEX))
    except ValidationError:
        raise OverganError(
            f"{folder / INDEX} is not a checkpoint's index; restore it or {train_again(folder)}"
        ) from None
    if checkpoint.checksum and checkpoint.checksum != checksum_of(checkpoint):
        raise OverganError(f"{folder / INDEX} is damaged (its checksum is wrong); restore it or {train_again(folder)}")
    return checkpoint


def check_rows(folder: Path, name: str) -> None:
    """Raise OverganError if a file lacks rows that the newest checkpoint counts on, or has others in their place."""
    checkpoint = read_checkpoint(folder)
    known = checkpoint.rows.get(name) if checkpoint else None
    if known is None:
        return
    path = folder / name
    if not path.exists() or rows_of(path.read_bytes(), known.count) != known:
        raise OverganError(
            f"{path} is damaged (it has not the rows that were there at the last checkpoint); restore it or "
            f"{train_again(folder)}"
        )


def rows_of(content: bytes, count: int | None = None) -> Rows:
    """Of the first lines, by default all."""
    lines = content.splitlines(keepends=True)[:count]
    return Rows(count=len(lines), sha256=sha256(b"".join(lines)))


def checksum_of(checkpoint: Checkpoint) -> str:
    """Of all of the index but the checksum itself."""
    return sha256(json.dumps(checkpoint.model_dump(mode="json", exclude={"checksum"}), sort_keys=True).encode())


def train_again(folder: Path) -> str:
    """What the user can do about a group that is damaged, for an error."""
    return f"move {folder} away to train this width again"
