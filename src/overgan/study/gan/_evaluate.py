"""Metrics of a study that is trained already, from its checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

from pydantic import ValidationError

from overgan.data import load_images
from overgan.device import resolve_device
from overgan.disk import read_jsonl, try_lock, write_jsonl
from overgan.errors import OverganError
from overgan.metrics import MEND, MetricName, Progress, too_few
from overgan.study._explain import explain
from overgan.study._store import group_folder
from overgan.study.gan._checkpoints import newest_checkpoint, samples
from overgan.study.gan._spec import EvaluateConfig, GanSpec
from overgan.study.gan._work import real_side

LATER = "later.jsonl"


def evaluate_checkpoints(
    folder: Path,
    spec: GanSpec,
    fingerprint: str,
    metrics: Sequence[MetricName],
    progress: Progress,
    device: str,
    **settings: Any,
) -> None:
    """Measure the newest checkpoint of every run and keep the rows in later.jsonl (see `GanStudy.evaluate`).

    fingerprint: of the images that the study was trained on.
    """
    values = spec.evaluate.model_dump() | settings | {"metrics": ["fid"], "final_metrics": list(metrics)}
    if "fid_gap" in metrics and not values["draws"]:
        raise OverganError("fid_gap needs {argument}, for this study has evaluate.draws 0; give 10", "draws")
    try:
        config = EvaluateConfig.model_validate(values)
    except ValidationError as error:
        raise OverganError(explain(error, EvaluateConfig).replace("final_metrics", "metrics")) from None
    (device, *_) = resolve_device(device)
    with try_lock(folder) as free:
        if not free:
            raise OverganError(f"{folder} is being trained; wait until that is done")
        images = load_images(spec.data, progress)
        if images.fingerprint != fingerprint:
            raise OverganError(f"the images are not those that {folder} was trained on; restore them")
        reference = real_side(config, images, metrics, device, progress)
        for name in metrics:
            if lacking := too_few([name], reference.spaces, reference.seen(name, reference.samples)):
                raise OverganError(f"{lacking[0]}; {MEND}")
        for width in spec.widths:
            group, iteration = group_folder(folder, width), newest_checkpoint(folder, spec, width).iteration
            for seed, generated in samples(folder, spec, images.shape, width, reference.samples, device).items():
                state = group / f"nnd-{seed}-{iteration}"
                rows = {(row["seed"], row["iteration"], row["features"]): row for row in read_jsonl(group / LATER)}
                for row in reference.score(generated, folder=state):
                    key = seed, iteration, row["features"]
                    rows[key] = rows.get(key, {}) | {"seed": seed, "iteration": iteration} | row
                write_jsonl(group / LATER, rows.values())
                rmtree(state, ignore_errors=True)
