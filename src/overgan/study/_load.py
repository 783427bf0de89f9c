"""Studies of any kind, read from their folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from overgan.disk import notice, read_json, refuse_links
from overgan.errors import OverganError
from overgan.own import importing_only
from overgan.stores import naming_addresses
from overgan.study._kind import Kind
from overgan.study._kinds import KINDS
from overgan.study._load_spec import parse_spec
from overgan.study._mirror import open_study
from overgan.study._quickstart import where_it_lies
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus
from overgan.study._store import COPY, STUDY, SURFACE, Description
from overgan.words import joined

if TYPE_CHECKING:
    from overgan.study._study import Study


def read_description(folder: Path) -> Description:
    """What study.json in the folder says, or, with a notice, its copy, if it is damaged.

    Raises OverganError if it is missing, both are damaged, or the folder holds several studies.
    """
    if is_surface(folder):
        folders = [f"{folder / name}" for name in spec_of_surface(folder).parts]
        raise OverganError(f"{folder} holds several studies; name one of them: {joined(folders)}")
    try:
        return _description(folder / STUDY)
    except OverganError as error:
        if not (folder / COPY).exists():
            raise
        if not (folder / STUDY).exists():
            raise OverganError(f"{folder / STUDY} is missing; put it back: {COPY} is a copy") from None
        try:
            description = _description(folder / COPY)
        except OverganError:
            raise error from None
        what = error.message.partition("; ")[0]
        notice(f"{what}; its copy, {COPY}, is taken; copy it over {STUDY}", folder / STUDY)
        return description


def is_surface(folder: str | Path) -> bool:
    """Whether a folder of this machine holds several studies of one spec, each in a folder below it."""
    return (Path(folder) / SURFACE).exists() and not (Path(folder) / STUDY).exists()


def read_surface(folder: Path, trust: bool = False) -> Spec:
    """The spec of several studies, of which the folder has one for each.

    trust: as of `load`, of the folder and of the spec. Raises OverganError if it has none, or it is not trusted and has
    links that lead out of it or names code.
    """
    if not trust:
        refuse_links(folder)
    with importing_only(None if trust else ()):
        return spec_of_surface(folder)


def spec_of_surface(folder: Path) -> Spec:
    """The same, as far as the caller lets modules be imported."""
    path = folder / SURFACE
    spec = parse_spec(read_json(path).get("spec"), str(path))
    if not spec.parts:
        raise OverganError(f"{path} is not of several studies; restore it from a copy")
    return spec


def _description(path: Path) -> Description:
    values = read_json(path)
    try:
        spec = parse_spec(values.pop("spec"), str(path))
        return Description(spec=where_it_lies(spec, path.parent), **values)
    except (ValidationError, KeyError, TypeError, AttributeError):
        raise OverganError(f"{path} is not the description of a study; restore it from a copy") from None


def load(folder: str | Path, trust: bool = False) -> "Study":
    """The study in a folder, or at an address such as s3://bucket/study, finished or not.

    trust: whether code that the folder names (a model, metric or kind of study, as package.module:name) may be run, and
        links that lead out of it are followed. What `overgan.run` returns is trusted.

    Raises OverganError if there is none, or one that is not trusted has such a kind or links.
    """
    with _opened(folder, trust) as (place, description, kind):
        study: Study = kind.study(place, description)
    study.trusted = trust
    return study


def read_status(folder: str | Path, trust: bool = False) -> tuple[Description, list[GroupStatus]]:
    """What `load` and `Study.status` say, where possible without PyTorch and pandas, which take seconds to import.

    Raises OverganError as `load` does.
    """
    with _opened(folder, trust) as (place, description, kind):
        if kind.group_status is None:
            return description, kind.study(place, description).status()
        return description, [kind.group_status(place, description.spec, k) for k in description.spec.widths]


@contextmanager
def _opened(folder: str | Path, trust: bool) -> Iterator[tuple[Path, Description, Kind[Any]]]:
    """Where a study is on this machine, what it is, and its kind; without trust no module that it names is imported."""
    with naming_addresses():
        place = open_study(folder)
        if not trust:
            refuse_links(place)
        with importing_only(None if trust else ()):
            description = read_description(place)
            yield place, description, KINDS[description.spec.kind]
