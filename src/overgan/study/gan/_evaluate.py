"""Metrics of a study that is trained already, from its checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

from pydantic import ValidationError

from overgan.data import load_images
from overgan.device import resolve_device
from overgan.disk import read_table, remove_unfinished, try_lock, write_table
from overgan.errors import OverganError
from overgan.metrics import MEND, METRICS, MetricName, Progress, current_row, too_few
from overgan.study._explain import explain
from overgan.study._hold import held
from overgan.study._mirror import publish
from overgan.study._store import group_folder
from overgan.study.gan._checkpoints import newest_checkpoint, samples
from overgan.study.gan._spec import EvaluateConfig, GanSpec
from overgan.study.gan._work import real_side

LATER = "later.jsonl"


def later_rows(group: Path) -> list[dict[str, Any]]:
    """The rows of a group's later.jsonl. Raises OverganError if they are damaged."""
    measure = f"overgan evaluate --study {group.parent}"
    return read_table(group / LATER, f"restore it, or remove it and measure again, with `{measure}`")


def evaluate_checkpoints(
    folder: Path,
    spec: GanSpec,
    fingerprint: str,
    metrics: Sequence[MetricName],
    progress: Progress,
    device: str,
    batch: int | None,
    **settings: Any,
) -> list[dict[str, Any]]:
    """Measure the newest checkpoint of every run and keep the rows in later.jsonl (see `GanStudy.evaluate`).

    fingerprint: of the images that the study was trained on.

    The result is what was measured, one row per run and feature space.
    """
    metrics = [METRICS.known(name) for name in metrics]
    values = spec.evaluate.model_dump() | settings | {"metrics": ["frechet"], "final_metrics": metrics}
    if "frechet_gap" in metrics and not values["draws"]:
        raise OverganError("frechet_gap needs {argument}, for this study has evaluate.draws 0; give 10", "draws")
    try:
        config = EvaluateConfig.model_validate(values)
    except ValidationError as error:
        raise OverganError(explain(error, EvaluateConfig).replace("final_metrics", "metrics")) from None
    (device, *_) = resolve_device(device)
    measured = []
    with held(folder), try_lock(folder) as free:
        if not free:
            raise OverganError(f"{folder} is being trained; wait until that is done")
        images = load_images(spec.data, progress)
        if images.fingerprint != fingerprint:
            raise OverganError(f"the images are not those that {folder} was trained on; restore them")
        reference = real_side(config, images, metrics, device, progress, batch)
        for name in metrics:
            if lacking := too_few([name], reference.spaces, reference.seen(name, reference.samples)):
                raise OverganError(f"{lacking[0]}; {MEND}")
        for width in spec.widths:
            group = group_folder(folder, width)
            with try_lock(group) as ours:  # a job on a cluster may train it, while no run has the study
                if not ours:
                    raise OverganError(f"{group} is being trained; wait until that is done")
                iteration = newest_checkpoint(folder, spec, width)[0].iteration
                for run, generated in samples(folder, spec, images.shape, width, reference.samples, device):
                    state = group / f"nnd-{spec.train.name(run)}-{iteration}"
                    remove_unfinished(group, LATER)
                    before = [current_row(row) for row in later_rows(group)]
                    rows = {_key(row): row for row in before}
                    for found in reference.score(generated, folder=state):
                        row = spec.train.row(run) | {"iteration": iteration} | found
                        rows[_key(row)] = rows.get(_key(row), {}) | row
                        measured.append({"k": width} | row)
                    write_table(group / LATER, rows.values())
                    publish(folder, group / LATER)
                    rmtree(state, ignore_errors=True)
    return measured


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("seed", "learning_rate_rule", "learning_rate", "iteration", "features"))
