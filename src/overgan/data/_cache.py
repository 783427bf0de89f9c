"""Sets of image files, decoded once into a file of the user's cache, which every process maps into its memory."""

import errno
import json
import logging
import math
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from jaxtyping import Int64, UInt8
from platformdirs import user_cache_path

from overgan.data._form import Form
from overgan.data._images import ImageSet
from overgan.data._progress import Progress
from overgan.data._walk import files_below
from overgan.disk import read_json, sha256, try_lock, write_atomic
from overgan.errors import OverganError

AT_ONCE, BYTES = 256, 2**25  # images, and their bytes, that are in memory while a set is written
PIXELS, SET = "images.npy", "set.json"
FULL = (errno.ENOSPC, errno.EDQUOT)
Rows = TypeVar("Rows", np.ndarray, "_NpyFile")


@dataclass(frozen=True, eq=False)
class Unread:
    """An image set whose images are still in their files.

    read: gives the images of some places in a list of files, and is fast if they ascend.
    order: the place of each image of the set, the training images first.
    notes: those of the set, once all images have been read.
    """

    name: str
    read: Callable[[Int64[np.ndarray, " some"]], UInt8[np.ndarray, "some h w c"]]
    order: Int64[np.ndarray, " images"]
    training: int
    labels: Int64[np.ndarray, " images"] | None
    notes: Callable[[], tuple[str, ...]]


class _NpyFile:
    """Images of a .npy file, each written where it belongs.

    Through a memory map the pages would count as memory, and a full disk would end the process.
    """

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]):
        self.shape, self._file = shape, file
        file.seek(0)
        file.truncate()
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        self._start = file.tell()

    def __setitem__(self, places: Int64[np.ndarray, " some"], images: UInt8[np.ndarray, "some h w c"]) -> None:
        size = math.prod(self.shape[1:])
        for place, image in zip(places.tolist(), images, strict=True):
            self._file.seek(self._start + place * size)
            self._file.write(np.broadcast_to(image, self.shape[1:]).tobytes())  # a grey one may have to become colour


def cached(
    recipe: str, root: Path, form: Form, unread: Callable[[], AbstractContextManager[Unread]], progress: Progress
) -> ImageSet:
    """A set of image files as arrays that are a file's pages: what is not looked at takes no memory.

    The file is in the user's cache folder, and is written first if it is not there. It is that of the recipe, the form,
    the versions of overgan and Pillow, and the path, size and time of every file below root. Processes wait for each
    other. If the cache cannot be written, the images are read into memory, with a warning.

    recipe: how files become images, in a word.
    unread: opens the set, where it is not in the cache.

    Raises OverganError if it cannot be read, or there is no room for it.
    """
    root = root.resolve()
    subject = [recipe, asdict(form), version("overgan"), version("pillow"), str(root), times(root)]
    key = sha256(json.dumps(subject).encode())[:16]
    folder = user_cache_path("overgan") / "images" / f"{root.name[:40]}-{key}"
    if known := _kept(folder):
        return known
    with unread() as images:
        try:
            with try_lock(folder, timeout=-1):
                return _kept(folder) or _keep(folder, images, progress)
        except OSError as error:
            reason = error.strerror or error
            if error.errno in FULL:
                message = f"there is no room in {folder.parent} for the images of {images.name} ({reason})"
                raise OverganError(f"{message}; make room, or name another folder with XDG_CACHE_HOME") from None
            notice = f"{folder} cannot be written ({reason}), so every process holds {images.name} in memory"
            logging.getLogger(__name__).warning(f"overgan: {notice}")
        return in_memory(images, progress)


def in_memory(unread: Unread, progress: Progress) -> ImageSet:
    """The set, read into memory. Raises OverganError if it cannot be read."""
    rows = _filled(unread, lambda shape: np.empty(shape, np.uint8), progress)
    return _image_set(unread.name, rows, unread.training, unread.labels, unread.notes())


def times(root: Path) -> list[tuple[str, int, int]]:
    """Path, size and time of change (ns) of the file, or of every file below the folder that is not hidden."""
    files = [root] if root.is_file() else list(files_below(root))
    found = []
    for path in files:
        with suppress(OSError):  # of a file that is gone again; reading it says so
            stat = path.stat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return sorted(found)


def _kept(folder: Path) -> ImageSet | None:
    """The set that a folder of the cache holds; None if it is not whole."""
    with suppress(OSError, ValueError, KeyError):
        facts = read_json(folder / SET)
        labels = None if facts["labels"] is None else np.array(facts["labels"], np.int64)
        images = _image_set(facts["name"], _mapped(folder), facts["training"], labels, facts["notes"])
        vars(images)["fingerprint"] = facts["fingerprint"]  # where a cached property has its value
        return images
    return None


def _keep(folder: Path, unread: Unread, progress: Progress) -> ImageSet:
    """Write the set into a folder of the cache: the pixels, and then, as the sign that they are whole, the rest."""
    temporary = folder / f".{PIXELS}"

    def create(shape: tuple[int, ...]) -> _NpyFile:
        needed, free = math.prod(shape), shutil.disk_usage(folder).free
        if needed > free:
            raise OSError(errno.ENOSPC, f"{needed / 2**30:,.2f} GiB are needed, {free / 2**30:,.2f} are free")
        return _NpyFile(file, shape)

    try:
        with temporary.open("wb") as file:
            _filled(unread, create, progress)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / PIXELS)
    finally:
        temporary.unlink(missing_ok=True)
    images = _image_set(unread.name, _mapped(folder), unread.training, unread.labels, unread.notes())
    facts = {"name": images.name, "training": unread.training, "notes": images.notes}
    facts |= {"labels": None if unread.labels is None else unread.labels.tolist(), "fingerprint": images.fingerprint}
    write_atomic(folder / SET, json.dumps(facts).encode())
    return images


def _filled(unread: Unread, create: Callable[[tuple[int, ...]], Rows], progress: Progress) -> Rows:
    """What `create` makes for images of their shape, with all of them in it."""
    places = np.argsort(unread.order)
    shape: tuple[int, ...] = unread.read(unread.order[places[:1]]).shape[1:]
    rows, step = create((len(places), *shape)), min(AT_ONCE, max(1, BYTES // math.prod(shape)))
    done = 0
    while done < len(places):
        progress(f"reading {unread.name}", done, len(places))
        some = places[done : done + step]
        images: np.ndarray = unread.read(unread.order[some])
        if images.shape[3] > rows.shape[3]:  # the first in colour after grey ones, which all become colour
            rows, done = create((len(places), *images.shape[1:])), 0
            continue
        rows[some] = images
        done += len(some)
    return rows


def _mapped(folder: Path) -> UInt8[np.ndarray, "images h w c"]:
    pixels: np.ndarray = np.asarray(np.load(folder / PIXELS, mmap_mode="r"))
    return pixels


def _image_set(
    name: str,
    images: UInt8[np.ndarray, "images h w c"],
    training: int,
    labels: Int64[np.ndarray, " images"] | None,
    notes: Iterable[str],
) -> ImageSet:
    of_parts = (None, None) if labels is None else (labels[:training], labels[training:])
    return ImageSet(name, images[:training], images[training:], *of_parts, notes=tuple(notes))
