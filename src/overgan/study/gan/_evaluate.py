"""Metrics of a study that is trained already, from its checkpoints."""

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from pydantic import ValidationError

from overgan.data import ImageSet, load_images
from overgan.device import resolve_device
from overgan.disk import read_table, remove_unfinished, try_lock, write_table
from overgan.errors import OverganError
from overgan.metrics import MEND, METRICS, MetricName, Progress, Reference, current_row, too_few
from overgan.study._explain import explain
from overgan.study._hold import held
from overgan.study._mirror import publish
from overgan.study._store import group_folder
from overgan.study.gan._checkpoints import newest_checkpoint, samples
from overgan.study.gan._spec import EvaluateConfig, GanSpec
from overgan.study.gan._work import real_side
from overgan.study.gan.networks import NETWORK_METRICS, measure
from overgan.training import Run

LATER = "later.jsonl"


def later_rows(group: Path) -> list[dict[str, Any]]:
    """The rows of a group's later.jsonl. Raises OverganError if they are damaged."""
    measure = f"overgan evaluate --study {shlex.quote(str(group.parent))}"
    return read_table(group / LATER, f"restore it, or remove it and measure again, with `{measure}`")


def evaluate_checkpoints(
    folder: Path,
    spec: GanSpec,
    fingerprint: str,
    metrics: Sequence[str],
    progress: Progress,
    device: str,
    batch: int | None,
    **settings: Any,
) -> list[dict[str, Any]]:
    """Measure the newest checkpoint of every run and keep the rows in later.jsonl (see `GanStudy.evaluate`).

    fingerprint: of the images that the study was trained on.

    The result is what was measured, one row per run and feature space, and one per run of its networks. Those of
    feature spaces say of how many images: `compared` on each side, and `generated` beside all real ones.
    """
    of_networks = [name for name in NETWORK_METRICS if name in metrics]
    of_images = [METRICS.known(name) for name in metrics if name not in of_networks]
    config = _config(spec, of_images, settings)
    (device, *_) = resolve_device(device)
    measured: list[dict[str, Any]] = []
    with held(folder), try_lock(folder) as free:
        if not free:
            raise OverganError(f"{folder} is being trained; wait until that is done")
        images = load_images(spec.data, progress)
        if images.fingerprint != fingerprint:
            raise OverganError(f"the images are not those that {folder} was trained on; restore them")
        _check_numbers(spec.evaluate, config, of_images, len(images.reference))
        own, now = (_numbers(each, len(images.reference)) for each in (spec.evaluate, config))
        reference = _reference(config, images, of_images, device, progress, batch) if of_images else None
        for width in spec.widths:
            group = group_folder(folder, width)
            with try_lock(group) as ours:  # a job on a cluster may train it, while no run has the study
                if not ours:
                    raise OverganError(f"{group} is being trained; wait until that is done")
                keep = partial(_keep, folder, spec, width, own)
                if reference:
                    iteration = newest_checkpoint(folder, spec, width)[0].iteration
                    for run, generated in samples(folder, spec, images.shape, width, reference.samples, device):
                        state = group / f"nnd-{spec.train.name(run)}-{iteration}"
                        found = reference.score(generated, folder=state)
                        found = [row | now if row["features"] in config.features else row for row in found]
                        measured += keep(run, iteration, found)
                        rmtree(state, ignore_errors=True)
                if of_networks:
                    for run, iteration, row in measure(folder, spec, images, width, of_networks, device, progress):
                        measured += keep(run, iteration, [row])
    return measured


def _config(spec: GanSpec, metrics: Sequence[MetricName], settings: dict[str, Any]) -> EvaluateConfig:
    """The study's `evaluate` section with other settings. Raises OverganError if they do not suit it or the metrics."""
    values = spec.evaluate.model_dump() | settings | {"metrics": ["frechet"], "final_metrics": list(metrics)}
    if "frechet_gap" in metrics and not values["draws"]:
        raise OverganError("frechet_gap needs {argument}, for this study has evaluate.draws 0; give 10", "draws")
    try:
        return EvaluateConfig.model_validate(values)
    except ValidationError as error:
        raise OverganError(explain(error, EvaluateConfig).replace("final_metrics", "metrics")) from None


def _check_numbers(own: EvaluateConfig, config: EvaluateConfig, metrics: Sequence[MetricName], most: int) -> None:
    """Raise OverganError if rows of the study would be of two numbers of images, which do not compare.

    most: images that a side can have.
    """
    of_images = any(METRICS[name].needs == "images" for name in metrics)  # in a row of their own, whatever the features
    if not of_images and not ({*own.features} & {*config.features} and metrics):
        return
    other_features = "" if of_images else "name other features, "
    for key in ("samples", "reference"):
        before, now = getattr(own, key), getattr(config, key)
        if before != now and not (key == "samples" and own.reference == "equal" and min(before, now) >= most):
            raise OverganError(
                f"{{argument}} is {now}, but this study has evaluate.{key} {before}, and numbers of both do not "
                f"compare; leave it out, {other_features}or measure images of `overgan sample` beside the study",
                key,
            )


def _numbers(config: EvaluateConfig, most: int) -> dict[str, int]:
    """How many images the metrics of features compare on each side, and how many generated ones with all real ones."""
    return {
        "compared": min(config.samples, most),
        "generated": config.samples if config.reference == "all" else 0,
    }


def _reference(
    config: EvaluateConfig,
    images: ImageSet,
    metrics: Sequence[MetricName],
    device: str,
    progress: Progress,
    batch: int | None,
) -> Reference:
    """What generated images are compared with. Raises OverganError if it has too few images for one of the metrics."""
    reference = real_side(config, images, metrics, device, progress, batch)
    for name in metrics:
        if lacking := too_few([name], reference.spaces, reference.seen(name, reference.samples)):
            raise OverganError(f"{lacking[0]}; {MEND}")
    return reference


def _keep(
    folder: Path,
    spec: GanSpec,
    width: int,
    own: dict[str, int],
    run: Run,
    iteration: int,
    found: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Write what was found of a run into its group's later.jsonl, beside what is there; the rows, with their width.

    What is there of other numbers of images goes. own: the study's, which those have that do not say.
    """
    group = group_folder(folder, width)
    remove_unfinished(group, LATER)
    rows = {_key(row): row for row in map(current_row, later_rows(group))}
    new = [spec.train.row(run) | {"iteration": iteration} | row for row in found]
    for row in new:
        there = rows.get(_key(row), {})
        stays = all(there.get(key, of) == row.get(key, of) for key, of in own.items())
        rows[_key(row)] = (there if stays else {}) | row
    write_table(group / LATER, rows.values())
    publish(folder, group / LATER)
    return [{"k": width} | row for row in new]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("seed", "learning_rate_rule", "learning_rate", "iteration", "features"))
