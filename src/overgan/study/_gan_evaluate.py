"""Metrics of a study that is trained already, from its checkpoints."""

from collections.abc import Sequence
from shutil import rmtree
from typing import Any

from pydantic import ValidationError

from overgan.data import load_images
from overgan.device import resolve_device
from overgan.disk import read_jsonl, try_lock, write_jsonl
from overgan.errors import OverganError
from overgan.metrics import MetricName, Progress, Reference
from overgan.study._explain import explain
from overgan.study._gan import LATER, EvaluateConfig, GanStudy


def evaluate_study(
    study: GanStudy, metrics: Sequence[MetricName], progress: Progress, device: str, **settings: Any
) -> None:
    """What `GanStudy.evaluate` says."""
    values = study.spec.evaluate.model_dump() | settings | {"metrics": ["fid"], "final_metrics": list(metrics)}
    try:
        config = EvaluateConfig.model_validate(values)
    except ValidationError as error:
        raise OverganError(explain(error, EvaluateConfig).replace("final_metrics", "metrics")) from None
    with try_lock(study.folder) as free:
        if not free:
            raise OverganError(f"{study.folder} is being trained; wait until that is done")
        images = load_images(study.spec.data)
        if images.fingerprint != study.description.data["fingerprint"]:
            raise OverganError(f"the images are not those that {study.folder} was trained on; restore them")
        (device, *_) = resolve_device(device)
        spaces = config.spaces(images, device)
        reference = Reference.of(
            images, spaces, config.samples, metrics, nnd=config.nnd, device=device, progress=progress
        )
        for width in study.spec.widths:
            group, iteration = study.group(width), study.checkpoint(width).iteration
            for seed, generated in study.samples(width, reference.samples).items():
                state = group / f"nnd-{seed}-{iteration}"
                rows = {(row["seed"], row["iteration"], row["features"]): row for row in read_jsonl(group / LATER)}
                for row in reference.score(generated, folder=state):
                    key = seed, iteration, row["features"]
                    rows[key] = rows.get(key, {}) | {"seed": seed, "iteration": iteration} | row
                write_jsonl(group / LATER, rows.values())
                rmtree(state, ignore_errors=True)
