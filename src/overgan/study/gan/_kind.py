"""Width studies of GANs, as a kind of study. What needs PyTorch is imported when it is called, for it takes seconds."""

from pathlib import Path

from overgan.device import resolve_device
from overgan.study._kind import Facts, Kind, Work
from overgan.study._store import Description
from overgan.study._study import Study
from overgan.study.gan._spec import GanSpec, scaled


def _study(folder: Path, description: Description) -> Study:
    from overgan.study.gan._results import GanStudy

    return GanStudy(folder, description)


def _facts(spec: GanSpec) -> Facts:
    from overgan.study.gan._work import facts

    return facts(spec)


def _seconds(spec: GanSpec) -> float:
    from overgan.study.gan._cost import seconds

    return seconds(spec)


def _worker(spec: GanSpec, folder: Path, threads: int, device: str) -> Work:
    from overgan.study.gan._work import worker

    return worker(spec, folder, threads, device)


def _notice(spec: GanSpec) -> str:
    one_by_one = spec.model.own and len(spec.seeds) > 1
    return f"{spec.model.name} has no replica axis: its seeds are trained one at a time" if one_by_one else ""


KIND = Kind(
    spec=GanSpec,
    study=_study,
    length=lambda spec: f"{spec.train.iterations:,} iterations",
    scaled=scaled,
    facts=_facts,
    seconds=_seconds,
    worker=_worker,
    devices=resolve_device,
    notice=_notice,
)
