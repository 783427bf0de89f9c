"""On what, how many at once, and with how many threads a study's groups are trained."""

from typing import Any

from overgan.check import check
from overgan.study._kind import Kind, cpu_only
from overgan.study._machine import cores


def placed(
    kind: Kind[Any], widths: int, device: str, workers: int | None, threads: int | None, *, elsewhere: bool, alone: bool
) -> tuple[list[str], int, int]:
    """The devices, the number of workers and the threads of each, where the user left them out.

    widths: of the study. device: auto, cpu or cuda; of this machine also one GPU.
    elsewhere: whether a cluster's machines do the work; they look for their device, and the cluster decides how many
        groups have room at once. alone: whether it is of this machine alone, whose cores are known.

    Raises OverganError for a device that cannot be had.
    """
    if not elsewhere:
        devices = kind.devices(device)
        workers = min(workers or (cores() if devices == ["cpu"] else len(devices)), widths)
        return devices, workers, threads or max(1, cores() // workers)
    check(device in ("auto", "cpu", "cuda"), "device", device, "auto, cpu or cuda")
    devices = cpu_only(device) if kind.devices is cpu_only else [device]
    threads = threads or 1
    room = max(1, cores() // threads) if alone else widths
    return devices, min(workers or room, widths), threads
