"""Studies at an address: the folder on this machine that mirrors one, and which of its files are fetched when.

Every folder of a width is fetched and sent for itself, its checkpoint's index last; so are the files of the study.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from overgan.disk import size_of
from overgan.errors import OverganError
from overgan.stores import Part, Remote, address_of, is_address, local
from overgan.study._rounds import ROUNDS
from overgan.study._store import STUDY, group_folder

GROUPS = re.compile(r"k(\d{4,})")
INDICES = (  # of a group; those of seeds that it is given come before its own, which count on them once they are in it
    "adding/checkpoint-previous.json",
    "adding/checkpoint.json",
    "runs.jsonl",
    "checkpoint-previous.json",
    "checkpoint.json",
)
AT_ONCE = 8  # requests
PATIENCE = 20.0  # less than a lease, so that nothing is sent when it is over

Wanted = Callable[[str], bool]  # whether a file is, by its name in its folder


def numbers(name: str) -> bool:
    """Whether it is a file of numbers, which tables need."""
    return name.endswith((".json", ".jsonl"))


def numbers_and_weights(name: str) -> bool:
    """Whether it is one of those that generated images need."""
    return numbers(name) or name.endswith(".safetensors")


def for_reports(name: str) -> bool:
    """Whether it is one of those that a report needs."""
    return not name.endswith((".safetensors", ".html", ".log")) and not name.startswith(("images-", "nnd-"))


def open_study(place: str | Path, wanted: Wanted = numbers) -> Path:
    """The folder of a study on this machine; of an address its mirror, up to date in the wanted files.

    Raises OverganError if there is no study at the address or it cannot be read.
    """
    folder = local(place)
    if is_address(place) and not fetch(folder, wanted):
        raise OverganError(f"{address_of(folder)} holds no study; look at the address")
    return folder


def open_description(place: str | Path) -> Path:
    """The folder of a study on this machine; of an address its mirror, up to date in all but the folders of widths.

    Raises OverganError as `open_study` does.
    """
    folder = local(place)
    if is_address(place) and not _fetch_own(folder):
        raise OverganError(f"{address_of(folder)} holds no study; look at the address")
    return folder


def fetch(folder: Path, wanted: Wanted = numbers, widths: Collection[int] | None = None) -> bool:
    """Fetch what changed in the store of a mirror; whether there is a study. Of any other folder nothing is done.

    widths: of the folders to look at; by default all, and the study's own files.

    What another process of this machine works on stays: that is newer.
    """
    address = address_of(folder)
    if address is None:
        return True
    if widths is not None:
        for width in widths:
            _pull(group_part(folder, width), wanted, None)
        return True
    if not _fetch_own(folder):
        return False
    listings = defaultdict[str, dict[str, str]](dict)
    for name, tag in Remote(address).tags().items():
        listings[name.partition("/")[0]][name] = tag
    names = {*listings, *(path.name for path in folder.glob("k*"))}
    found = [group_part(folder, int(match[1])) for match in map(GROUPS.fullmatch, sorted(names)) if match]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda part: _pull(part, wanted, listings[part.below]), found))
    return True


def space(place: str | Path) -> int:
    """Bytes that a study takes: of an address in its store, whatever of it is on this machine."""
    address = address_of(local(place))
    return Remote(address).size() if address else size_of(local(place))


def publish(folder: Path, path: Path | None = None, *, logs: bool = False) -> None:
    """Send the study's own files and figures, or a file or folder of a width, to the store, if the folder is a mirror.

    Of a folder at a path the store keeps nothing that is no longer there. What lies outside of the study stays there.
    logs: send what workers printed, too.
    """
    if address_of(folder) is None or not (path or folder).is_relative_to(folder):
        return
    if path is None:
        for part in [*(figures_part(folder, below.name) for below in folder.glob("figures*")), own_part(folder)]:
            with part.alone(timeout=PATIENCE):
                part.push([name for name in part.here() if logs or not name.endswith(".log")])
        return
    part = group_part(folder, int(path.relative_to(folder).parts[0][1:]))
    with part.alone(timeout=PATIENCE) as free:
        if not free:
            return  # a worker has it, and sends all that changes
        name = path.relative_to(part.folder).as_posix()
        part.push(
            [found for found in part.here() if found == name or found.startswith(f"{name}/")],
            tidy=name if path.is_dir() else None,
        )


def _fetch_own(folder: Path) -> bool:
    """Fetch the study's own files, images among them if it keeps them; whether there is a study."""
    own = own_part(folder)
    there = own.in_store()
    if STUDY in there:
        _pull(own, for_reports, there)
    return STUDY in there


def _pull(part: Part, wanted: Wanted, listing: dict[str, str] | None) -> None:
    if not part.folder.exists() and not part.in_store(listing):
        return
    with part.alone() as free:
        if free:
            part.pull(wanted, listing)


def own_part(folder: Path) -> Part:
    return Part(remote_of(folder), folder, "", (ROUNDS, STUDY), deep=False)


def figures_part(folder: Path, name: str) -> Part:
    return Part(remote_of(folder), folder / name, name, ())


def group_part(folder: Path, width: int) -> Part:
    group = group_folder(folder, width)
    return Part(remote_of(folder, PATIENCE), group, group.name, INDICES)


def remote_of(folder: Path, patience: float = 60.0) -> Remote:
    address = address_of(folder)
    if address is None:
        raise OverganError(f"{folder} is no longer the mirror of an address; begin again")
    return Remote(address, patience)
