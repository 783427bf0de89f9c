"""The folder of several studies, of one spec: one for each width at which a network is held."""

from pathlib import Path

from overgan.check import check
from overgan.disk import unfinished_write_of, write_json
from overgan.errors import OverganError
from overgan.own import importing_only
from overgan.stores import is_address
from overgan.study._load import spec_of_surface
from overgan.study._spec import Spec
from overgan.study._store import SURFACE, study_folder


def begin_surface(spec: Spec, out: str | Path | None, *, until_sure: bool) -> Path:
    """The folder, with the spec in it; more studies may come to those that are there.

    Raises OverganError if the folder is an address, or holds anything else.
    """
    name, part = next(iter(spec.parts.items()))
    one = " ".join(part.overrides)
    check(not until_sure, "until_sure", "set", f"left out where there are several studies; {one} makes one of them")
    check(
        not (out and is_address(str(out))),
        "out",
        out,
        f"a folder of this machine; {one} makes one that may be at an address",
    )
    folder = study_folder(spec, out)
    if (folder / SURFACE).exists():
        _refuse_others(folder, spec)
    else:
        spec.check_new()
        if folder.exists() and any(not unfinished_write_of(path.name, SURFACE) for path in folder.iterdir()):
            raise OverganError(
                f"{folder} is not empty and does not hold such studies as {name}; name another folder with "
                "{argument}",
                "out",
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / SURFACE, {"spec": spec.model_dump(mode="json")})
    return folder


def _refuse_others(folder: Path, spec: Spec) -> None:
    """Raise OverganError if there are studies that are not among those of the spec."""
    with importing_only([spec.kind]):  # what the folder names beside it is another study's
        there = spec_of_surface(folder).parts.keys()
    if left := there - spec.parts.keys():
        raise OverganError(
            f"{folder} holds other studies, too, such as {min(left)}; name another folder with {{argument}}, or add to "
            "the widths that it has",
            "out",
        )


def refuse_several(spec: Spec) -> None:
    """Raise OverganError if a spec is of several studies, where one is wanted."""
    if spec.parts:
        part = next(iter(spec.parts.values()))
        raise OverganError(
            f"{spec.name} is of {len(spec.parts)} studies, which are run in turn; take one of them, such as with "
            f"{{argument}} {' and '.join(part.overrides)}",
            "overrides",
        )
