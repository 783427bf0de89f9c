"""The store: a study's folder on disk, the only thing that analysis and report read.

study.json      and study-copy.json: the spec, the image set, the feature spaces, parameter counts, versions and machine
k0008/          one folder a width, written by the worker that has its group
figures/        PNG figures
report.html
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, field_validator

from overgan.check import check
from overgan.disk import write_json
from overgan.errors import OverganError
from overgan.stores import local
from overgan.study._rounds import seeds_in_order
from overgan.study._spec import Spec
from overgan.words import brief

STUDY, COPY = "study.json", "study-copy.json"
SURFACE = "surface.json"  # the spec of several studies, each of which has a folder below
IMAGES = "images.npz"  # of a study whose images came from memory
MOST_WORKERS = 1_000_000


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

    @field_validator("machine")
    @classmethod
    def _has_workers(cls, machine: dict[str, Any]) -> dict[str, Any]:
        workers, processor = machine.get("workers"), machine.get("processor")
        if not isinstance(processor, str) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
            raise ValueError("has no number of workers, or no processor")
        return machine

    def __repr__(self) -> str:
        return brief(self, kind=self.spec.kind, name=self.spec.name, widths=len(self.spec.widths))


def study_folder(spec: Spec, out: str | Path | None = None) -> Path:
    """The folder of a study: out, by default runs/NAME, or the mirror of an address.

    Raises OverganError for a NAME that would lead elsewhere, and for an address that is not complete.
    """
    check(out != "", "out", "empty", "the name of a folder")
    if out is None and (re.search(r"[/\\\0]", spec.name) or ".." in spec.name or spec.name == "."):
        raise OverganError(
            f"name: {spec.name!r} names the folder runs/NAME and must hold no slash and no ..; "
            "change it, or name the folder with {argument}",
            "out",
        )
    return local(Path(f"runs/{spec.name}") if out is None else out)


def group_folder(folder: Path, width: int) -> Path:
    """The folder of one width's group in a study's folder."""
    return folder / f"k{width:04d}"


def write_description(folder: Path, description: Description) -> None:
    """Write study.json into a study's folder, and its copy, which is read if it is damaged."""
    for name in (STUDY, COPY):
        write_json(folder / name, description.model_dump(mode="json"))


def refuse_another_spec(folder: Path, old: Spec, new: Spec) -> None:
    """Raise OverganError, naming the difference, if runs of the new spec would not belong to the study of the old one.

    New widths are welcome, and so are the seeds that come next, of some widths or all; the images may have moved.
    """
    before, after = flat(old.model_dump(mode="json")), flat(new.model_dump(mode="json"))
    for key in before | after:  # in the order of a spec: the loss comes before what it brings
        if key == "widths" and set(before[key]) <= set(after[key]):
            continue
        if key == "seeds" and after[key] == seeds_in_order(old, max(len(before[key]), len(after[key]))):
            continue
        if key == "fewer_seeds" and all(new.seeds_at(k) >= old.seeds_at(k) for k in old.widths):
            continue
        if key != "data.root" and before.get(key) != after.get(key):
            as_it_was = shlex.quote(f"{key}={json.dumps(before.get(key), separators=(',', ':'))}")
            raise OverganError(
                f"{folder} holds a study with {key}={before.get(key)}, now it is {after.get(key)}: the results would "
                f"be mixed; name another folder with {{argument}}, or set {as_it_was}",
                "out",
            )


def refuse_other_numbers(folder: Path, old: Description, new: Description) -> None:
    """Raise OverganError if images, features or trained numbers are not those that the folder's study began with."""
    if old.data.get("fingerprint") != new.data.get("fingerprint"):
        raise OverganError(
            f"the images are not those that {folder} began with; restore them or name another folder with {{argument}}",
            "out",
        )
    if old.features != new.features:
        before, now = (", ".join(f"{k} {v}" for k, v in d.versions.items()) for d in (old, new))
        raise OverganError(
            f"the feature networks are not those that {folder} began with (under {before}; now {now}); "
            "go back to those versions or name another folder with {argument}",
            "out",
        )
    for width in old.parameters.keys() & new.parameters.keys():
        if old.parameters[width] != new.parameters[width]:  # older versions trained frozen weights, too
            raise OverganError(
                f"the networks' trained numbers are not those that {folder} began with (at k = {width}); "
                "restore the networks or name another folder with {argument}",
                "out",
            )


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values by keys such as train.iterations, in place of sections; what is by width is no section."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        is_section = isinstance(value, dict) and not all(name.isdecimal() for name in value)
        found |= flat(value, f"{prefix}{key}.") if is_section else {f"{prefix}{key}": value}
    return found
