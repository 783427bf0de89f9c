"""Facts about this machine and its software, on which a study's speed and its numbers depend."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

VERSIONS_OF = ("overgan", "torch", "torchvision", "numpy", "numba", "scipy", "scikit-learn")


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on, by package."""
    return {"python": platform.python_version()} | {name: version(name) for name in VERSIONS_OF}


def machine(workers: int) -> dict[str, Any]:
    """What the speed depends on: system, processor, cores, and the number of workers."""
    return {"system": platform.platform(), "processor": _processor(), "cores": cores(), "workers": workers}


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
