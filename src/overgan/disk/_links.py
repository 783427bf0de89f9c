"""A folder that may come from anybody: nothing in it leads elsewhere, or never ends."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from overgan.errors import OverganError


def refuse_links(folder: Path) -> None:
    """Raise OverganError for a link in the folder that leads out of it, and for a pipe or device, which never ends.

    The folder itself may be reached by a link.
    """
    within = os.path.realpath(folder)
    for path, mode in _below(folder):
        if stat.S_ISLNK(mode) and not Path(os.path.realpath(path)).is_relative_to(within):
            raise OverganError(
                f"{path} is a link that leads out of the study's folder; remove it, or look at it and then trust the "
                "folder with {argument}",
                "trust",
            )
        if not (stat.S_ISLNK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise OverganError(f"{path} is neither a file nor a folder, so a study has no use for it; remove it")


def _below(folder: Path) -> Iterator[tuple[str, int]]:
    """Path and mode of all that is below the folder, without following links; nothing of what cannot be read."""
    folders = [os.fspath(folder)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as found:
            for entry in found:
                with suppress(OSError):  # of a file that is gone again, as the study goes on
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    yield entry.path, entry.stat(follow_symlinks=False).st_mode
