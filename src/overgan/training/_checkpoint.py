"""Checkpoints: a file of tensors, and beside it an index with the checksums of all that it counts on."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from overgan.disk import content_of, read_json, read_tensors, sha256, sync, write_json, write_tensors
from overgan.errors import OverganError

INDEX = "checkpoint.json"
LOG, EVALUATIONS = "log.jsonl", "evaluations.jsonl"


class Rows(BaseModel):
    """How many lines of a file a checkpoint counts on, and their checksum; later ones may follow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    sha256: str


class Checkpoint(BaseModel):
    """The index of a group's newest checkpoint, which is also the group's state for everybody else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=r"^\w[\w.-]*$")  # which leads to no other folder
    sha256: str
    iteration: int = Field(ge=0, le=10**15)
    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]]  # of the replicas in the file
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


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], **index: Any) -> Checkpoint:
    """Write the tensors, then the index that names them, then remove what the index no longer names.

    The rows so far are made durable first: after a power cut there is no index of rows that are not there.
    """
    file = f"checkpoint-{index['iteration']:08d}.safetensors"
    rows = {name: _rows(sync(folder / name)) for name in (LOG, EVALUATIONS) if (folder / name).exists()}
    checkpoint = Checkpoint(file=file, sha256=write_tensors(folder / file, tensors), rows=rows, **index)
    checkpoint = checkpoint.model_copy(update={"checksum": _checksum(checkpoint)})
    write_json(folder / INDEX, checkpoint.model_dump())
    for old in folder.glob("checkpoint-*.safetensors"):
        if old.name != file:
            old.unlink()
    return checkpoint


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The index of a group's newest checkpoint, if there is one. Raises OverganError if it is damaged."""
    if not (folder / INDEX).exists():
        return None
    try:
        checkpoint = Checkpoint.model_validate(read_json(folder / INDEX))
    except ValidationError:
        raise OverganError(
            f"{folder / INDEX} is not a checkpoint's index; restore it or {_train_again(folder)}"
        ) from None
    if checkpoint.checksum and checkpoint.checksum != _checksum(checkpoint):
        raise OverganError(f"{folder / INDEX} is damaged (its checksum is wrong); restore it or {_train_again(folder)}")
    return checkpoint


def check_rows(folder: Path, name: str) -> None:
    """Raise OverganError if a file lacks rows that the newest checkpoint counts on, or has others in their place."""
    checkpoint = read_checkpoint(folder)
    known = checkpoint.rows.get(name) if checkpoint else None
    if known is None:
        return
    path = folder / name
    if not path.exists() or _rows(_text(path), known.count) != known:
        raise OverganError(
            f"{path} is damaged (it has not the rows that were there at the last checkpoint); restore it or "
            f"{_train_again(folder)}"
        )


def _text(path: Path) -> bytes:
    try:
        return content_of(path)
    except (ValueError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); restore it from a copy") from None


def _rows(content: bytes, count: int | None = None) -> Rows:
    """Of the first lines, by default all."""
    lines = content.splitlines(keepends=True)[:count]
    return Rows(count=len(lines), sha256=sha256(b"".join(lines)))


def _checksum(checkpoint: Checkpoint) -> str:
    return sha256(json.dumps(checkpoint.model_dump(mode="json", exclude={"checksum"}), sort_keys=True).encode())


def load_tensors(folder: Path, checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The tensors of a checkpoint. Raises OverganError if the file is missing or its checksum is wrong."""
    return read_tensors(folder / checkpoint.file, checkpoint.sha256, f"restore it or {_train_again(folder)}").tensors


def _train_again(folder: Path) -> str:
    return f"move {folder} away to train this width again"
