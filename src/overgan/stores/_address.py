"""Addresses of stores, and the folder on this machine that mirrors each.

Nothing but the disk remembers which mirror is whose: the file .store in it holds the address.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from overgan.check import check
from overgan.disk import sha256, write_atomic
from overgan.errors import OverganError

SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")
FLATTENED = re.compile(r"([a-z][a-z0-9+.-]+):/[^/]")  # what pathlib makes of s3://…
OF_THIS_MACHINE = ("file", "local")
ADDRESS = ".store"
MIRRORS = "OVERGAN_MIRRORS"


def is_address(place: str | Path) -> bool:
    """Whether a study's place is a store's address, such as s3://bucket/study, and no folder."""
    scheme = SCHEME.match(place) if isinstance(place, str) else None
    return scheme is not None and scheme[1] not in OF_THIS_MACHINE


def local(place: str | Path) -> Path:
    """The folder on this machine where a study's place is worked on: itself, or an address's mirror, which may be new.

    Raises OverganError for an address that is not complete, or that pathlib has damaged.
    """
    if isinstance(place, str) and is_address(place):
        folder = mirror_of(place)
        if not (folder / ADDRESS).exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / ADDRESS, _plain(place).encode())
        return folder
    if isinstance(place, str) and (scheme := SCHEME.match(place)):
        place = place[scheme.end() :]
    elif (scheme := FLATTENED.match(str(place))) and not Path(place).exists():
        mend = "give an address as text, not as a path" if isinstance(place, Path) else f"write {scheme[1]}://…"
        raise OverganError(f"{place} has lost a slash; {mend}")
    return Path(place)


def mirror_of(address: str) -> Path:
    """The mirror of an address, whether it is there or not: a folder in the user's cache, or in OVERGAN_MIRRORS."""
    plain = _plain(address)
    readable = re.sub(r"[^\w.-]+", "-", plain.partition("://")[2])[-40:].strip("-.")
    return _mirrors() / f"{sha256(plain.encode())[:12]}-{readable}"


def address_of(folder: Path) -> str | None:
    """The address that a folder mirrors, if it is a mirror; a file .store in any other folder means nothing."""
    try:
        if folder.absolute().parent != _mirrors():
            return None
        address = (folder / ADDRESS).read_text(encoding="utf-8")
        return address if is_address(address) and mirror_of(address).name == folder.name else None
    except (OSError, ValueError):
        return None


def shown(text: object) -> str:
    """The text with the addresses of mirrors in place of their folders' names."""
    folder = re.compile(rf"{re.escape(str(_mirrors()))}{re.escape(os.sep)}[0-9a-f]{{12}}-[\w.-]+")
    return folder.sub(lambda found: address_of(Path(found[0])) or found[0], str(text))


@contextmanager
def naming_addresses() -> Iterator[None]:
    """Errors from within name addresses, not the folders of mirrors."""
    try:
        yield
    except (OverganError, RuntimeError) as error:
        error.args = tuple(shown(of) if isinstance(of, str) else of for of in error.args)
        if isinstance(error, OverganError):
            error.message = shown(error.message)
        raise


def _mirrors() -> Path:
    chosen = os.environ.get(MIRRORS)
    return Path(chosen).absolute() if chosen else user_cache_path("overgan").absolute() / "mirrors"


def _plain(address: str) -> str:
    """The address without slashes at its end."""
    scheme, _, path = address.partition("://")
    parts = path.strip("/").split("/")
    check(parts != [""] and not {"", ".", ".."} & {*parts}, "out", address, f"like {scheme}://bucket/study")
    return f"{scheme}://{'/'.join(parts)}"
