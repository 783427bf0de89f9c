"""The store: a study's folder on disk, the only thing that analysis and report read.

study.json      the spec, the image set, the feature spaces, parameter counts, versions and machine
k0008/          one folder a width, written by the worker that has its group
figures/        PNG figures
report.html
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from overgan.disk import write_json
from overgan.errors import OverganError
from overgan.study._spec import Spec

STUDY = "study.json"
VERSIONS_OF = ("overgan", "torch", "torchvision", "numpy", "numba", "scipy", "scikit-learn")


class Description(BaseModel):
    """The content of study.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: SerializeAsAny[Spec]
    command: str  # that makes the study again
    data: dict[str, Any]
    features: dict[str, dict[str, Any]]
    parameters: dict[int, dict[str, int]]  # width -> network -> trained numbers of one run
    versions: dict[str, str]
    machine: dict[str, Any]


def group_folder(folder: Path, width: int) -> Path:
    """The folder of one width."""
    return folder / f"k{width:04d}"


def write_description(folder: Path, description: Description) -> None:
    """Write study.json."""
    write_json(folder / STUDY, description.model_dump(mode="json"))


def refuse_changes(folder: Path, old: Spec, new: Spec) -> None:
    """Raise OverganError, naming the difference, if runs of the new spec would not belong to the study of the old one.

    New widths are welcome, and the images may have moved.
    """
    before, after = _flat(old.model_dump(mode="json")), _flat(new.model_dump(mode="json"))
    for key in sorted(before | after):
        if key == "widths" and set(before[key]) <= set(after[key]):
            continue
        if key != "data.root" and before.get(key) != after.get(key):
            raise OverganError(
                f"{folder} holds a study with {key}={before.get(key)}, now it is {after.get(key)}: the results would "
                f"be mixed; name another folder with --out, or set {key}={before.get(key)}"
            )


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in VERSIONS_OF}


def machine(workers: int) -> dict[str, Any]:
    """What the speed depends on."""
    return {"system": platform.platform(), "processor": _processor(), "cores": cores(), "workers": workers}


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
