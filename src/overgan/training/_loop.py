"""The training loop of one group, from its newest checkpoint to its last iteration."""

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from overgan.data import ImageSet
from overgan.disk import append_jsonl, read_jsonl, write_atomic, write_json, write_jsonl
from overgan.metrics import MetricName, NNDStopped, Reference
from overgan.models import ModelConfig
from overgan.pictures import image_grid, image_png
from overgan.training._checkpoint import load_tensors, read_checkpoint, save_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._gan import Gan

LOG, EVALUATIONS, PROGRESS, SAMPLES = "log.jsonl", "evaluations.jsonl", "progress.json", "samples"
NEIGHBOURS, NEIGHBOUR_ROWS = "neighbours", 8
PROGRESS_SECONDS = 0.5
GRID_COLUMNS = 10


def train_group(
    folder: Path,
    images: ImageSet,
    reference: Reference,
    metrics: Sequence[MetricName],
    model: ModelConfig,
    config: TrainConfig,
    width: int,
    seeds: list[int],
    stopping: Callable[[], bool],
    device: str = "cpu",
) -> None:
    """Train all seeds of one width as replicas, from the newest checkpoint in `folder` to the last iteration.

    folder: takes log.jsonl (losses and distances from initialization), evaluations.jsonl (metrics), samples/ (a grid
    of images at each evaluation, a row for each seed), the nearest training images of the last ones, progress.json and
    the checkpoints.
    metrics: of every evaluation; the last one has all of the reference's.
    stopping: asked once an iteration; when it says yes, a checkpoint is written and the function returns.

    A replica with a loss or weights that are not finite is dropped at the next row of losses and noted as diverged.
    """
    # resume
    checkpoint = read_checkpoint(folder)
    if checkpoint is None:
        gan, diverged, seconds = Gan(model, config, width, images.shape, seeds, device), dict[int, int](), 0.0
    elif checkpoint.complete:
        return
    else:
        gan = Gan(model, config, width, images.shape, checkpoint.seeds, device)
        gan.restore(load_tensors(folder, checkpoint), checkpoint.iteration)
        diverged, seconds = dict(checkpoint.diverged), checkpoint.seconds
    for name in (LOG, EVALUATIONS):
        _forget_after(folder / name, gan.iteration)
    known = {row["iteration"] for row in read_jsonl(folder / EVALUATIONS)}
    interrupted = is_due(config, gan.iteration) and gan.iteration not in known  # in the midst of an evaluation

    train = torch.from_numpy(images.train).to(device)
    saved = shown = time.monotonic()
    fid = None
    while interrupted or (gan.iteration < config.iterations and gan.seeds):
        # train
        if not interrupted:
            start = time.perf_counter()
            losses = gan.iterate(train)
            seconds += time.perf_counter() - start
        last = gan.iteration == config.iterations
        evaluate = is_due(config, gan.iteration)

        # drop what diverged, log the rest
        if not interrupted and (gan.iteration % config.log_every == 0 or evaluate):
            logged = losses | gan.moved()
            finite = (gan.finite & torch.stack(list(logged.values())).isfinite().all(0)).cpu()
            if not finite.all():
                diverged |= {seed: gan.iteration for seed, ok in zip(gan.seeds, finite, strict=True) if not ok}
                logged = {name: values.cpu()[finite] for name, values in logged.items()}
                gan.keep(finite)
            append_jsonl(folder / LOG, _rows(gan, logged))
        interrupted = False
        index = {"seeds": gan.seeds, "diverged": diverged, "seconds": seconds}

        # evaluate
        if evaluate and gan.seeds:
            wanted = reference.metrics if last else metrics
            if "nnd" in wanted:  # it may take hours, after which this is where to go on
                save_checkpoint(folder, gan.tensors(), iteration=gan.iteration, complete=False, **index)
            samples = gan.sample(reference.samples)
            try:
                rows = _evaluate(folder, gan, samples, reference, wanted, stopping)
            except NNDStopped:
                return
            fid = statistics.fmean(row["fid_test"] for row in rows if row["features"] == rows[0]["features"])
            append_jsonl(folder / EVALUATIONS, rows)
            write_atomic(
                folder / SAMPLES / f"{gan.iteration:08d}.png", image_png(image_grid(samples[:, :GRID_COLUMNS].numpy()))
            )
            if last and "memorization" in wanted:
                pictures = reference.neighbour_pictures(samples[0, :NEIGHBOUR_ROWS].numpy(), images.train)
                for name, picture in pictures.items():
                    write_atomic(folder / NEIGHBOURS / f"{slug(name)}.png", image_png(picture))

        # save
        now = time.monotonic()
        stop = stopping()
        done = last or not gan.seeds
        if stop or done or now - shown >= PROGRESS_SECONDS:
            write_json(folder / PROGRESS, {"iteration": gan.iteration, "seconds": seconds, "fid_test": fid})
            shown = now
        if evaluate or done or stop or now - saved >= config.checkpoint_seconds:
            save_checkpoint(folder, gan.tensors() if gan.seeds else {}, iteration=gan.iteration, complete=done, **index)
            saved = time.monotonic()
        if stop:
            return


def is_due(config: TrainConfig, iteration: int) -> bool:
    """Whether there is an evaluation after so many iterations."""
    return iteration > 0 and (iteration % config.evaluate_every == 0 or iteration == config.iterations)


def slug(features: str) -> str:
    """The name of a feature space as a part of a file's name."""
    return features.replace(":", "-")


def _evaluate(
    folder: Path,
    gan: Gan,
    samples: UInt8[Tensor, "replicas n h w c"],
    reference: Reference,
    metrics: Sequence[MetricName],
    stopping: Callable[[], bool],
) -> list[dict[str, Any]]:
    """A row for each seed and feature space. What NND leaves on the way is removed in the end."""
    rows = [
        {"seed": seed, "iteration": gan.iteration, **row}
        for seed, generated in zip(gan.seeds, samples, strict=True)
        for row in reference.score(generated.numpy(), metrics, folder / f"nnd-{seed}-{gan.iteration}", stopping)
    ]
    for left in folder.glob("nnd-*"):
        shutil.rmtree(left)
    return rows


def _rows(gan: Gan, logged: dict[str, Tensor]) -> list[dict[str, Any]]:
    return [
        {
            "seed": seed,
            "iteration": gan.iteration,
            **{name: values[i].item() for name, values in logged.items()},
        }
        for i, seed in enumerate(gan.seeds)
    ]


def _forget_after(path: Path, iteration: int) -> None:
    """Remove the rows that the checkpoint does not know: they will be written again."""
    if path.exists():
        rows = [row for row in read_jsonl(path) if row["iteration"] <= iteration]
        write_jsonl(path, rows)
