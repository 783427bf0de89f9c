"""The files below a folder."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from overgan.data._archives import is_hidden


def files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Every file below the folder that is not hidden, in any order; of something else, none.

    Links to folders are followed, but not to one that the link itself lies in.

    above: the folders in which this one lies, resolved.
    """
    inside = above | {folder.resolve()}
    entries: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as found:
        entries = [entry for entry in found if not is_hidden(PurePosixPath(entry.name))]
    for entry in entries:
        path = folder / entry.name
        if entry.is_file():
            yield path
        elif entry.is_dir() and path.resolve() not in inside:
            yield from files_below(path, inside)
