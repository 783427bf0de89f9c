"""The training loop of one group, from its newest checkpoint to its last iteration."""

import math
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from overgan.data import ImageSet
from overgan.disk import append_jsonl, read_jsonl, sha256, write_atomic, write_json
from overgan.metrics import METRICS, MetricName, NNDStopped, Reference, current_row
from overgan.models import ModelConfig
from overgan.pictures import image_grid, image_png
from overgan.training._best import best_distance, best_rows
from overgan.training._checkpoint import known_pictures, resume, save_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._generate import blocks
from overgan.training._index import EVALUATIONS, LOG, NEIGHBOURS, PROGRESS, SAMPLES
from overgan.training._replicas import Replicas

NEIGHBOUR_ROWS = 8  # of images in their picture
PROGRESS_SECONDS = 0.5
GRID_COLUMNS = 10
MEMORY_SHARE = 1 / 4  # of a GPU's free memory that images may take


@dataclass(frozen=True)
class Group:
    """The runs of one width, which are trained together as replicas."""

    folder: Path  # takes losses, evaluations, pictures, progress and checkpoints
    images: ImageSet  # what is learnt
    reference: Reference  # what samples are compared with; the last evaluation has all of its metrics
    metrics: Sequence[MetricName]  # of the other evaluations
    model: ModelConfig
    config: TrainConfig
    width: int
    seeds: list[int]  # a replica each
    device: str = "cpu"  # PyTorch's name of it
    dither: bool = False  # of real images
    share: float = 1.0  # of cores, in those of a worker: what a second counts for
    at_once: int | None = None  # replicas whose losses are computed together, by default as many as memory should hold


def train_group(group: Group, stopping: Callable[[], bool]) -> None:
    """Train a group from the newest checkpoint in its folder, or from the start, to the last iteration.

    stopping: asked once an iteration; when it says yes, a checkpoint is written and the function returns.

    The folder takes log.jsonl (losses and distances from initialization), evaluations.jsonl (metrics), samples/ (a grid
    of images at each evaluation, a row for each seed), neighbours/ (each seed's last images and the training images
    nearest to them), progress.json and the checkpoints. A replica with a loss or weights that are not finite is dropped
    at the next row of losses and noted as diverged.

    If the newest checkpoint is damaged it goes on from the one before, with a notice, and ends with the same bits.

    Raises OverganError if both are damaged, or the networks or the loss cannot be had.
    """
    folder, config = group.folder, group.config

    # resume; an evaluation that was cut off has no rows yet, and is what comes first
    checkpoint, tensors = resume(folder) or (None, {})
    if checkpoint and checkpoint.ends(config.iterations):
        return
    more = (group.device, group.dither, group.at_once)
    replicas = Replicas(group.model, config, group.width, group.images.shape, group.seeds, *more)
    diverged, seconds, pictures = dict[str, int](), 0.0, dict[str, str]()
    if checkpoint:
        replicas.restore(tensors, checkpoint.iteration, checkpoint.left(config))
        diverged, seconds = dict(checkpoint.diverged), checkpoint.seconds
        pictures = known_pictures(folder, checkpoint)
    del tensors  # their memory
    rows = [current_row(row) for row in read_jsonl(folder / EVALUATIONS)]
    reached = best_distance(rows)
    due = is_due(config, replicas.iteration) and replicas.iteration not in {row["iteration"] for row in rows}

    train = placed(group.images.train, group.device)
    saved, shown = time.monotonic(), -math.inf  # progress is written at once, before any checkpoint
    stop = save = False
    while True:
        index: dict[str, Any] = {"iteration": replicas.iteration, "seeds": replicas.seeds, "diverged": diverged}
        index |= {"seconds": seconds, "pictures": pictures, "runs": replicas.runs if config.several else []}

        # evaluate
        if due and replicas.runs:
            try:
                reached, new = _evaluate(group, replicas, index, stopping)
                pictures |= new
            except NNDStopped:
                return

        # save, and leave when there is no more to do
        done = replicas.iteration == config.iterations or not replicas.runs
        if save or due or done:
            save_checkpoint(folder, replicas.tensors() if replicas.runs else {}, complete=done, **index)
            saved = time.monotonic()
            for left in folder.glob("nnd-*"):
                shutil.rmtree(left)
        if stop or due or done or time.monotonic() - shown >= PROGRESS_SECONDS:
            write_json(folder / PROGRESS, {"iteration": replicas.iteration, "seconds": seconds} | reached)
            shown = time.monotonic()
        if stop or done:
            return

        # train
        start = time.perf_counter()
        losses = replicas.iterate(train)
        seconds += (time.perf_counter() - start) * group.share
        due = is_due(config, replicas.iteration)

        # drop what diverged, log the rest
        if due or replicas.iteration % config.log_every == 0:
            logged = losses | replicas.moved()
            finite = (replicas.finite & torch.stack(list(logged.values())).isfinite().all(0)).cpu()
            if not finite.all():
                dropped = [config.name(run) for run, ok in zip(replicas.runs, finite, strict=True) if not ok]
                diverged |= dict.fromkeys(dropped, replicas.iteration)
                logged = {name: values.cpu()[finite] for name, values in logged.items()}
                replicas.keep(finite)
            append_jsonl(folder / LOG, _rows(replicas, logged))

        # ask whether to go on
        stop = stopping()
        save = stop or time.monotonic() - saved >= config.checkpoint_seconds


def is_due(config: TrainConfig, iteration: int) -> bool:
    """Whether there is an evaluation after so many iterations."""
    return iteration > 0 and (iteration % config.evaluate_every == 0 or iteration == config.iterations)


def placed(images: UInt8[np.ndarray, "images h w c"], device: str) -> UInt8[Tensor, "images h w c"]:
    """The images on the device, or on the CPU if they would take much of a GPU's free memory. Not to be written to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # as pages of a file are not
        tensor = torch.from_numpy(np.ascontiguousarray(images))
    if device != "cpu" and tensor.nbytes > MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]:
        return tensor
    return tensor.to(device)


def _evaluate(
    group: Group, replicas: Replicas, index: dict[str, Any], stopping: Callable[[], bool]
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Write pictures of samples and a row for each run and feature space.

    The pictures are of the runs with the best learning rate so far. The result is their mean test distance in the first
    space, which learning rate that is, and the pictures' checksums. What a metric that can be interrupted leaves on the
    way is for the caller to remove once a checkpoint counts on the rows. Raises NNDStopped when it is cut off.
    """
    folder, iteration, reference = group.folder, replicas.iteration, group.reference
    last = iteration == group.config.iterations
    metrics = reference.metrics if last else group.metrics
    # a metric of images may take hours, after which this is where to go on
    if any(METRICS[name].needs == "images" for name in metrics):
        save_checkpoint(folder, replicas.tensors(), complete=False, **index)
    rows: list[dict[str, Any]] = []
    first = {}  # images of each run
    for block in blocks(replicas.seeds):
        samples = replicas.sample(reference.samples, block).numpy()
        for run, generated in zip(replicas.runs[block], samples, strict=True):
            state = folder / f"nnd-{group.config.name(run)}-{iteration}"
            found = reference.score(generated, metrics, state, stopping)
            rows += [group.config.row(run) | {"iteration": iteration} | row for row in found]
            first[run] = generated[: max(GRID_COLUMNS, NEIGHBOUR_ROWS)].copy()
        del samples  # before the last weights' are made
    if group.config.average:
        _add_unaveraged(rows, group, replicas)
    best = best_rows(rows)
    shown = {run: made for run, made in first.items() if any(group.config.row(run).items() <= r.items() for r in best)}
    grid = np.stack([made[:GRID_COLUMNS] for made in shown.values()])
    pictures = {f"{SAMPLES}/{iteration:08d}.png": image_grid(grid)}
    if last and "memorization" in metrics:
        (folder / NEIGHBOURS).mkdir(exist_ok=True)
        for run, made in shown.items():
            nearest = reference.neighbour_pictures(made[:NEIGHBOUR_ROWS], group.images.train)
            of_seed = f"{NEIGHBOURS}/seed-{run.seed}"
            pictures |= {f"{of_seed}/{name.replace(':', '-')}.png": picture for name, picture in nearest.items()}
    files = {name: image_png(picture) for name, picture in pictures.items()}
    for name, content in files.items():
        write_atomic(folder / name, content)
    append_jsonl(folder / EVALUATIONS, rows)
    return best_distance(rows), {name: sha256(content) for name, content in files.items()}


def _add_unaveraged(rows: list[dict[str, Any]], group: Group, replicas: Replicas) -> None:
    """Beside what was measured of the averages the same of the last weights, but what takes a training of its own."""
    metrics = [name for name in group.metrics if METRICS[name].needs != "images"]
    measured = [
        row
        for block in blocks(replicas.seeds)
        for generated in replicas.sample(group.reference.samples, block, unaveraged=True).numpy()
        for row in group.reference.score(generated, metrics)
    ]
    of_spaces = {row["features"] for row in measured}
    for row, last in zip((row for row in rows if row["features"] in of_spaces), measured, strict=True):
        row |= {f"{key}_unaveraged": value for key, value in last.items() if key != "features"}


def _rows(replicas: Replicas, logged: dict[str, Tensor]) -> list[dict[str, Any]]:
    """A row of the log for each run."""
    columns = [values.tolist() for values in logged.values()]
    return [
        replicas.config.row(run) | {"iteration": replicas.iteration} | dict(zip(logged, values, strict=True))
        for run, *values in zip(replicas.runs, *columns, strict=True)
    ]
