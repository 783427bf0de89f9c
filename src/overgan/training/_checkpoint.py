"""Checkpoints: a file of tensors, and beside it an index with the checksums of all that it counts on."""

from pathlib import Path
from typing import Any

from torch import Tensor

from overgan.disk import read_tensors, sync, write_json, write_tensors
from overgan.training._index import EVALUATIONS, INDEX, LOG, Checkpoint, checksum_of, rows_of, train_again


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], **index: Any) -> Checkpoint:
    """Write the tensors, then the index that names them, then remove what the index no longer names.

    The rows so far are made durable first: after a power cut there is no index of rows that are not there.
    """
    file = f"checkpoint-{index['iteration']:08d}.safetensors"
    rows = {name: rows_of(sync(folder / name)) for name in (LOG, EVALUATIONS) if (folder / name).exists()}
    checkpoint = Checkpoint(file=file, sha256=write_tensors(folder / file, tensors), rows=rows, **index)
    checkpoint = checkpoint.model_copy(update={"checksum": checksum_of(checkpoint)})
    write_json(folder / INDEX, checkpoint.model_dump())
    for old in folder.glob("checkpoint-*.safetensors"):
        if old.name != file:
            old.unlink()
    return checkpoint


def load_tensors(folder: Path, checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The tensors of a checkpoint. Raises OverganError if the file is missing or its checksum is wrong."""
    return read_tensors(folder / checkpoint.file, checkpoint.sha256, f"restore it or {train_again(folder)}").tensors
