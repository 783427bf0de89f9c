"""The training loop of one group, from its newest checkpoint to its last iteration."""

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from overgan.data import ImageSet
from overgan.files import append_jsonl, jsonl_line, read_jsonl, write_atomic, write_json
from overgan.metrics import Reference
from overgan.models import ModelConfig
from overgan.training._checkpoint import load_tensors, read_checkpoint, save_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._gan import Gan

LOG, EVALUATIONS, PROGRESS, SAMPLES = "log.jsonl", "evaluations.jsonl", "progress.json", "samples"
PROGRESS_SECONDS = 0.5
GRID_COLUMNS = 10


def train_group(
    folder: Path,
    images: ImageSet,
    reference: Reference,
    model: ModelConfig,
    config: TrainConfig,
    width: int,
    seeds: list[int],
    stopping: Callable[[], bool],
    device: str = "cpu",
) -> None:
    """Train all seeds of one width as replicas, from the newest checkpoint in `folder` to the last iteration.

    folder: takes log.jsonl (losses and distances from initialization), evaluations.jsonl (metrics), samples/ (a grid
    of images at each evaluation, a row for each seed), progress.json and the checkpoints.
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

    train = torch.from_numpy(images.train).to(device)
    saved = shown = time.monotonic()
    fid = None
    while gan.iteration < config.iterations and gan.seeds:
        # train
        start = time.perf_counter()
        losses = gan.iterate(train)
        seconds += time.perf_counter() - start
        last = gan.iteration == config.iterations
        evaluate = gan.iteration % config.evaluate_every == 0 or last

        # drop what diverged, log the rest
        if gan.iteration % config.log_every == 0 or evaluate:
            logged = losses | gan.moved()
            finite = (gan.finite & torch.stack(list(logged.values())).isfinite().all(0)).cpu()
            if not finite.all():
                diverged |= {seed: gan.iteration for seed, ok in zip(gan.seeds, finite, strict=True) if not ok}
                logged = {name: values.cpu()[finite] for name, values in logged.items()}
                gan.keep(finite)
            append_jsonl(folder / LOG, _rows(gan, logged))

        # evaluate
        if evaluate and gan.seeds:
            samples = gan.sample(reference.samples)
            rows = [
                {"seed": seed, "iteration": gan.iteration, **scores}
                for seed, generated in zip(gan.seeds, samples, strict=True)
                for scores in reference.score(generated.numpy())
            ]
            fid = statistics.fmean(row["fid_test"] for row in rows if row["features"] == rows[0]["features"])
            append_jsonl(folder / EVALUATIONS, rows)
            write_atomic(folder / SAMPLES / f"{gan.iteration:08d}.png", grid_png(samples[:, :GRID_COLUMNS]))

        # save
        now = time.monotonic()
        stop = stopping()
        done = last or not gan.seeds
        if stop or done or now - shown >= PROGRESS_SECONDS:
            write_json(folder / PROGRESS, {"iteration": gan.iteration, "seconds": seconds, "fid_test": fid})
            shown = now
        if evaluate or done or stop or now - saved >= config.checkpoint_seconds:
            save_checkpoint(
                folder,
                gan.tensors() if gan.seeds else {},
                iteration=gan.iteration,
                seeds=gan.seeds,
                diverged=diverged,
                seconds=seconds,
                complete=done,
            )
            saved = time.monotonic()
        if stop:
            return


def grid_png(samples: UInt8[Tensor, "rows columns h w c"]) -> bytes:
    """The images as one PNG, a line of 1 pixel between them."""
    from torchvision.utils import make_grid  # here, because it takes more than a second

    tiles = samples.flatten(0, 1).movedim(-1, 1)
    grid = make_grid(tiles, nrow=samples.shape[1], padding=1, pad_value=255)
    return image_png(grid.movedim(0, -1).numpy())


def image_png(image: UInt8[np.ndarray, "h w c"]) -> bytes:
    """One grey or colour image as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


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
        write_atomic(path, "".join(jsonl_line(row) for row in rows).encode())
