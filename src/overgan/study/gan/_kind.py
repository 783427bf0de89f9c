"""Width studies of GANs, as a kind of study."""

import torch

from overgan.errors import OverganError
from overgan.study._kind import Kind, cpu_only
from overgan.study.gan._cost import seconds
from overgan.study.gan._results import GanStudy
from overgan.study.gan._spec import GanSpec, scaled
from overgan.study.gan._work import facts, worker


def _devices(wanted: str) -> list[str]:
    gpus = torch.cuda.device_count()
    if wanted == "cuda" and not gpus:
        raise OverganError(
            "{argument} is cuda, but PyTorch sees no GPU; install its CUDA build and a driver, or use cpu", "device"
        )
    return [f"cuda:{i}" for i in range(gpus)] if wanted != "cpu" and gpus else cpu_only(wanted)


def _notice(spec: GanSpec) -> str:
    one_by_one = spec.model.own and len(spec.seeds) > 1
    return f"{spec.model.name} has no replica axis: its seeds are trained one at a time" if one_by_one else ""


KIND = Kind(
    spec=GanSpec,
    study=GanStudy,
    length=lambda spec: f"{spec.train.iterations:,} iterations",
    scaled=scaled,
    facts=facts,
    seconds=seconds,
    worker=worker,
    devices=_devices,
    notice=_notice,
)
