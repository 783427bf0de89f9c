"""Checkpoints: a file of tensors, and beside it an index with their checksum."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from overgan.disk import read_json, read_tensors, write_json, write_tensors
from overgan.errors import OverganError

INDEX = "checkpoint.json"


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

    def ends(self, iterations: int) -> bool:
        """Whether nothing is left of so many iterations: all are done, evaluated and saved, or every replica diverged.

        A study may since have been made longer than it was when this checkpoint completed it.
        """
        return self.complete and (self.iteration >= iterations or not self.seeds)


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], **index: Any) -> Checkpoint:
    """Write the tensors, then the index that names them, then remove what the index no longer names."""
    file = f"checkpoint-{index['iteration']:08d}.safetensors"
    checkpoint = Checkpoint(file=file, sha256=write_tensors(folder / file, tensors), **index)
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
        return Checkpoint.model_validate(read_json(folder / INDEX))
    except ValidationError:
        raise OverganError(
            f"{folder / INDEX} is not a checkpoint's index; restore it or {_train_again(folder)}"
        ) from None


def load_tensors(folder: Path, checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The tensors of a checkpoint. Raises OverganError if the file is missing or its checksum is wrong."""
    return read_tensors(folder / checkpoint.file, checkpoint.sha256, f"restore it or {_train_again(folder)}").tensors


def _train_again(folder: Path) -> str:
    return f"move {folder} away to train this width again"
