"""Two groups of one width, whose runs were trained apart, made one."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from overgan.disk import to_lines, write_atomic, write_json
from overgan.errors import OverganError
from overgan.metrics import current_row
from overgan.training._best import best_distance
from overgan.training._checkpoint import count_rows, known_pictures, load_tensors, resume, save_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._index import (
    EVALUATIONS,
    INDEX,
    LOG,
    NEIGHBOURS,
    PREVIOUS,
    PROGRESS,
    Checkpoint,
    counted_rows,
    read_index,
    read_rows,
)
from overgan.training._runs import Run


def merge(folder: Path, added: Path, config: TrainConfig) -> None:
    """Make the runs of the group in `added` runs of that in `folder`, after its own, and remove `added`.

    Both are complete, at the same iteration; one whose runs all diverged may have ended before. A folder `added` that
    is not there, or holds no checkpoint, is what an earlier call left: there is no more to do than to remove it.

    The order of the replicas is that of the runs of all seeds, those of `folder` first. Its rows stay, and those that
    are added follow them. So do pictures of images nearest to the new runs'; the grids of samples so far stay those of
    the first seeds. Nothing that a reader counts on changes before the new index is there, and a call after one that
    was interrupted, at any instant, comes to the same bytes. For a process that no other writes beside.

    Raises OverganError if one of the groups is damaged, is not complete, or is of another iteration, or if both have
    the same run.
    """
    if not any((added / name).exists() for name in (INDEX, PREVIOUS)):
        shutil.rmtree(added, ignore_errors=True)
        return
    found, more = resume(folder), read_index(added / INDEX)
    if found is None:
        raise OverganError(f"{folder} has no checkpoint, so no runs can be added to it; train it first")
    checkpoint, tensors = found
    if not _names(more, config) <= _names(checkpoint, config):
        _check(folder, checkpoint, added, more, config)
        checkpoint = _join(folder, checkpoint, tensors, added, more, config)
    best = best_distance([current_row(row) for row in read_rows(folder, EVALUATIONS)])
    write_json(folder / PROGRESS, {"iteration": checkpoint.iteration, "seconds": checkpoint.seconds} | best)
    _remove(added)


def _check(folder: Path, checkpoint: Checkpoint, added: Path, more: Checkpoint, config: TrainConfig) -> None:
    apart = f"cannot be put together; move {added} away to train its runs again"
    if both := _names(checkpoint, config) & _names(more, config):
        raise OverganError(f"{folder} and {added} both have the run {min(both)} and {apart}")
    for place, of in ((folder, checkpoint), (added, more)):
        if not of.complete:
            raise OverganError(f"{place} is not complete, so {folder} and {added} {apart}")
    if checkpoint.seeds and more.seeds and checkpoint.iteration != more.iteration:
        raise OverganError(
            f"{folder} is of iteration {checkpoint.iteration} and {added} of {more.iteration}, so they {apart}"
        )


def _join(
    folder: Path,
    checkpoint: Checkpoint,
    tensors: dict[str, Tensor],
    added: Path,
    more: Checkpoint,
    config: TrainConfig,
) -> Checkpoint:
    """Write what both groups have into the folder of the first, the index last, which is the result."""
    # all that may fail for what is in `added` comes first
    lines = {name: to_lines(counted_rows(added, name, more)) for name in (LOG, EVALUATIONS)}
    left = [*checkpoint.left(config), *more.left(config)]
    order = _order(left, config)
    tensors = _joined([tensors, load_tensors(added, more)], order, added)

    if not checkpoint.rows:  # of an older version: without a count, rows that follow would be its own at once
        checkpoint = count_rows(folder, checkpoint)
    pictures = known_pictures(folder, checkpoint) | _take_neighbours(folder, added, more)
    for name, of_added in lines.items():
        with (folder / name).open("ab") as file:
            file.write(of_added)
    iteration = max(checkpoint.iteration, more.iteration)
    diverged = checkpoint.diverged | more.diverged
    return save_checkpoint(
        folder,
        tensors,
        # another name than that of the checkpoint before, which stays
        file=f"checkpoint-{iteration:08d}-{len(left) + len(diverged)}.safetensors",
        iteration=iteration,
        seeds=[left[place].seed for place in order],
        runs=[left[place] for place in order] if config.several else [],
        diverged=diverged,
        seconds=checkpoint.seconds + more.seconds,
        complete=True,
        pictures=pictures,
    )


def _names(checkpoint: Checkpoint, config: TrainConfig) -> set[str]:
    """Of its runs, those that diverged among them."""
    return {*map(config.name, checkpoint.left(config)), *checkpoint.diverged}


def _order(runs: Sequence[Run], config: TrainConfig) -> list[int]:
    """The places of the runs in the order of `config.runs`: by rule and rate, and then as they are."""
    steps = [run[1:] for run in config.runs([0])]
    return sorted(range(len(runs)), key=lambda place: steps.index(runs[place][1:]))


def _joined(groups: Sequence[dict[str, Tensor]], order: list[int], added: Path) -> dict[str, Tensor]:
    """The groups' tensors, whose first axis is the replica, in that order; counts, which have none, must agree."""
    first, *others = [tensors for tensors in groups if tensors] or [{}]
    if not others:
        return first
    (other,) = others
    counts = [{name: tensor.item() for name, tensor in tensors.items() if not tensor.ndim} for tensors in groups]
    shapes = [{name: tensor.shape[1:] for name, tensor in tensors.items()} for tensors in groups]
    if counts[0] != counts[1] or shapes[0] != shapes[1]:
        raise OverganError(
            f"{added} holds other networks than {added.parent}, so they cannot be put together; go back to the "
            f"versions that the study began with and move {added} away to train its runs again"
        )
    return {name: torch.cat([of, other[name]])[order] if of.ndim else of for name, of in first.items()}


def _take_neighbours(folder: Path, added: Path, more: Checkpoint) -> dict[str, str]:
    """Copy the pictures of images nearest to the new runs'; their checksums, by name."""
    taken = {
        name: known
        for name, known in more.pictures.items()
        if name.startswith(f"{NEIGHBOURS}/") and (added / name).exists()
    }
    for name in taken:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / name, (added / name).read_bytes())
    return taken


def _remove(added: Path) -> None:
    """Remove the folder, the indices first, without which there is no group that could be damaged."""
    for name in (PREVIOUS, INDEX):
        (added / name).unlink(missing_ok=True)
    shutil.rmtree(added)
