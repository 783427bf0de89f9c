"""Checkpoints: a file of tensors, and beside it an index with the checksums of all that it counts on. Two are kept."""

from pathlib import Path
from typing import Any

from torch import Tensor

from overgan.disk import (
    read_jsonl,
    read_tensors,
    remove_unfinished,
    sha256,
    sync,
    write_atomic,
    write_json,
    write_jsonl,
    write_tensors,
)
from overgan.errors import OverganError
from overgan.training._index import (
    EVALUATIONS,
    INDEX,
    LOG,
    NEIGHBOURS,
    PREVIOUS,
    PROGRESS,
    SAMPLES,
    Checkpoint,
    Rows,
    counted_bytes,
    newest,
    read_index,
    rows_of,
    train_again,
)

TENSORS = "checkpoint-*.safetensors"


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], *, file: str = "", **index: Any) -> Checkpoint:
    """Write the tensors, then the index that names them, and keep the checkpoint before, if it is whole.

    file: the name of the tensors' file, by default of their iteration: a checkpoint of the same one takes its place.

    The rows so far are made durable first: after a power cut there is no index of rows that are not there.

    Raises OverganError if the rows that the one before counts on are no longer there.
    """
    file = file or f"checkpoint-{index['iteration']:08d}.safetensors"
    before = _index(folder / INDEX)
    if before:
        for name in before.rows:  # what was lost or damaged since then would count as it is now
            counted_bytes(folder, name, before)
    rows = _rows_so_far(folder)
    checkpoint = Checkpoint(file=file, sha256=write_tensors(folder / file, tensors), rows=rows, **index)
    if before and before.file != file:
        write_json(folder / PREVIOUS, before.model_dump())
    write_json(folder / INDEX, checkpoint.model_dump())
    _remove_unnamed(folder)
    return checkpoint


def count_rows(folder: Path, checkpoint: Checkpoint) -> Checkpoint:
    """Make a newest checkpoint of an older version count on the rows and pictures that there are; its new index."""
    known = {"rows": _rows_so_far(folder), "pictures": known_pictures(folder, checkpoint)}
    counting = checkpoint.model_copy(update=known)
    write_json(folder / INDEX, counting.model_dump())
    return counting


def load_tensors(folder: Path, checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The tensors of a checkpoint. Raises OverganError if the file is missing or its checksum is wrong."""
    return read_tensors(folder / checkpoint.file, checkpoint.sha256, f"restore it or {train_again(folder)}").tensors


def load_checkpoint(folder: Path) -> tuple[Checkpoint, dict[str, Tensor]] | None:
    """The newest checkpoint of a group, if there is one, and its tensors; the one before, with a notice, if need be.

    Raises OverganError if there is a checkpoint, and none that is whole.
    """
    return newest(folder, lambda checkpoint: load_tensors(folder, checkpoint))


def resume(folder: Path) -> tuple[Checkpoint, dict[str, Tensor]] | None:
    """What `load_checkpoint` gives; from then on it is the newest one, and there are no rows that it does not count on.

    What kills left is removed, too. For a process that no other writes beside. Raises as `load_checkpoint` does.
    """
    for name in (INDEX, PREVIOUS, TENSORS, LOG, EVALUATIONS, PROGRESS):
        remove_unfinished(folder, name)
    for place in (folder / SAMPLES, *(folder / NEIGHBOURS).glob("*/")):
        remove_unfinished(place, "*.png")
    found = load_checkpoint(folder)
    if found and found[0] != _index(folder / INDEX):
        write_json(folder / INDEX, found[0].model_dump())
    _remove_unnamed(folder)
    for name in (LOG, EVALUATIONS):
        _keep_counted(folder, name, found[0] if found else None)
    return found


def known_pictures(folder: Path, checkpoint: Checkpoint) -> dict[str, str]:
    """The SHA-256 of the pictures so far by name; those of an older version, which knew none, are taken as they are."""
    if checkpoint.rows:
        return dict(checkpoint.pictures)
    found = [path for place in (SAMPLES, NEIGHBOURS) for path in (folder / place).rglob("*.png")]
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in found}


def _rows_so_far(folder: Path) -> dict[str, Rows]:
    """All that there are, which are durable from then on."""
    return {name: rows_of(sync(folder / name) if (folder / name).exists() else b"") for name in (LOG, EVALUATIONS)}


def _index(path: Path) -> Checkpoint | None:
    """An index, unless it is missing or damaged."""
    try:
        return read_index(path)
    except OverganError:
        return None


def _remove_unnamed(folder: Path) -> None:
    """Remove the tensors that neither index names."""
    named = {index.file for name in (INDEX, PREVIOUS) if (index := _index(folder / name))}
    for path in folder.glob(TENSORS):
        if path.name not in named:
            path.unlink()


def _keep_counted(folder: Path, name: str, checkpoint: Checkpoint | None) -> None:
    """Remove the rows that the checkpoint does not count on: they will be written again."""
    path = folder / name
    if not path.exists():
        return
    lines = counted_bytes(folder, name, checkpoint) if checkpoint else b""
    if lines is None:  # of an older version
        iteration = checkpoint.iteration if checkpoint else 0
        write_jsonl(path, [row for row in read_jsonl(path) if row["iteration"] <= iteration])
    elif len(lines) < path.stat().st_size:
        write_atomic(path, lines)
