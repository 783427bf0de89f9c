"""Width studies of GANs, as a kind of study. What needs PyTorch is imported when it is called, for it takes seconds."""

from pathlib import Path
from typing import Any

from overgan.device import resolve_device
from overgan.own import later
from overgan.study._kind import Cost, Kind, Planner
from overgan.study.gan._spec import GanSpec, at_round, check_until_sure, lengthened, scaled
from overgan.words import counted

FREE: dict[str, Any] = {  # keys on which nothing that is timed depends
    "train": {
        "iterations",
        "learning_rate",
        "base_width",
        "betas",
        "schedule",
        "log_every",
        "evaluate_every",
        "checkpoint_seconds",
    },
    "evaluate": {"samples": True, "draws": True, "reference": True, "nnd": {"iterations", "evaluation_batches"}},
}


def _notice(spec: GanSpec) -> str:
    one_by_one = spec.model.own and spec.runs_a_width > 1
    return f"{spec.model.name} has no replica axis: its runs are trained one at a time" if one_by_one else ""


def _subject(spec: GanSpec) -> str:
    data = spec.data
    of_the_users = data.name == "folder" and data.root
    loss = "" if spec.train.loss == "wgan-gp" else f" with the {spec.train.loss} loss"
    return f"{spec.model.name}{loss} on {Path(str(data.root)).name if of_the_users else data.name}"


KIND = Kind(
    spec=GanSpec,
    study=later("overgan.study.gan._study:GanStudy"),
    group_status=later("overgan.study.gan._progress:group_status"),
    subject=_subject,
    length=lambda spec: counted(spec.train.iterations, "iteration"),
    scaled=scaled,
    facts=later("overgan.study.gan._work:facts"),
    cost=Cost(
        paces=later("overgan.study.gan._cost:paces"),
        times=later("overgan.study.gan._cost:times"),
        free=FREE,
        uncounted=later("overgan.study.gan._cost:uncounted"),
        storage=later("overgan.study.gan._disk:storage"),
        lacks=later("overgan.study.gan._lacks:lacks"),
    ),
    worker=later("overgan.study.gan._work:worker"),
    devices=resolve_device,
    prepare=later("overgan.study.gan._work:prepare"),
    notice=_notice,
    lengthened=lengthened,
    planner=Planner(
        check=check_until_sure,
        iterations=lambda spec: spec.train.iterations,
        at_round=at_round,
        described=later("overgan.study.gan._planner:described"),
        next_round=later("overgan.study.gan._planner:next_round"),
    ),
)
