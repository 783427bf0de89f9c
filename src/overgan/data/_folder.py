"""A directory or tar file of the user's own images."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from overgan.data._images import ImageSet
from overgan.errors import OverganError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
PARTS = ("train", "test")
HELD_OUT_ONE_IN = 5

Entry = tuple[PurePosixPath, Callable[[], bytes]]


def folder(root: Path | None) -> ImageSet:
    """Every image below a directory, or inside a tar file, in the order of their paths.

    `train` and `test`, as sub-folders or as tar files of those names, are the two parts. Without them an image is
    held out if the SHA-256 of its path is divisible by 5, so it keeps its side when others are added. Sub-folders
    of a part, if all of its images lie in two or more, are the classes. Grey images among colour ones become colour.

    Raises OverganError if there are no images, one cannot be read, or they differ in size.
    """
    if root is None:
        raise OverganError("data.root is not set: name a folder or tar file of images with data.root=PATH")
    if not root.exists():
        raise OverganError(f"data.root: {root} does not exist")
    with ExitStack() as archives:
        entries = list(_entries(root, archives))
        if not entries:
            raise OverganError(f"data.root: no image in {root}; known endings: {' '.join(sorted(SUFFIXES))}")
        paths = _without_common_folder([path for path, _ in entries])
        split = {path.parts[0] for path in paths} == set(PARTS)
        held_out = np.array([path.parts[0] == "test" if split else _is_held_out(path) for path in paths])
        # training images first, each part in the order of its paths: the parts are then views of one array
        order = sorted(range(len(paths)), key=lambda i: (held_out[i], paths[i]))
        images = _read(root, entries, order)

    classes = [path.parent.relative_to(path.parts[0]) if split else path.parent for path in paths]
    names = sorted(set(classes))
    labels = None
    if len(names) > 1 and PurePosixPath() not in names:
        labels = np.array([names.index(classes[i]) for i in order], np.int64)
    n = int((~held_out).sum())
    name = root.resolve().name
    if labels is None:
        return ImageSet(name, images[:n], images[n:])
    return ImageSet(name, images[:n], images[n:], labels[:n], labels[n:])


def _read(root: Path, entries: list[Entry], order: list[int]) -> UInt8[np.ndarray, "images height width channels"]:
    slots = np.argsort(order)  # entries are read as they lie, which is fast in a compressed tar, and put in order
    images: np.ndarray | None = None
    for slot, (path, read) in zip(slots, entries, strict=True):
        image = _decode(f"{root}: {path}", read)
        if images is None:
            images = np.empty((len(entries), *image.shape), np.uint8)
        if image.shape[:2] != images.shape[1:3]:
            raise OverganError(
                f"{root}: {path} has {image.shape[1]} × {image.shape[0]} pixels but {entries[0][0]} has "
                f"{images.shape[2]} × {images.shape[1]}; bring all images to one size"
            )
        if image.shape[2] > images.shape[3]:
            images = np.repeat(images, 3, axis=3)
        images[slot] = image
    assert images is not None  # noqa: S101 - entries is not empty
    return images


def _entries(root: Path, archives: ExitStack) -> Iterator[Entry]:
    """Path below root, and a reader, of every image; a tar file named train or test counts as a folder."""
    if root.is_file():
        yield from _tar_entries(root, archives)
        return
    for path in sorted(root.rglob("*")):
        relative = PurePosixPath(path.relative_to(root))
        part = path.name.split(".")[0]
        if _is_image(relative) and path.is_file():
            yield relative, path.read_bytes
        elif path.parent == root and part in PARTS and path.name.endswith(ARCHIVES):
            inner = list(_tar_entries(path, archives))
            names = _without_common_folder([name for name, _ in inner])
            yield from ((part / name, read) for name, (_, read) in zip(names, inner, strict=True))


def _tar_entries(path: Path, archives: ExitStack) -> Iterator[Entry]:
    def reader(member: tarfile.TarInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            file = archive.extractfile(member)
            assert file is not None  # noqa: S101 - only None for what is no file
            return file.read()

        return read

    try:
        archive = archives.enter_context(tarfile.open(path))  # noqa: SIM115 - the stack closes it
        for member in archive.getmembers():
            name = PurePosixPath(member.name)
            if member.isfile() and _is_image(name):
                yield name, reader(member)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise OverganError(f"{path} cannot be read as a tar file ({error}); make or download it again") from None


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _decode(where: str, read: Callable[[], bytes]) -> UInt8[np.ndarray, "height width channels"]:
    """One image: 1 channel if it is grey, 3 if it has colours."""
    try:
        with Image.open(io.BytesIO(read())) as image:
            if image.mode.startswith(("I", "F")):
                raise OverganError(f"{where} has more than 8 bits a channel; convert it to 8 bits")
            grey = image.mode in ("L", "LA", "1")
            array = np.asarray(image.convert("L" if grey else "RGB"))
            return array[..., None] if grey else array
    except (UnidentifiedImageError, OSError, EOFError, SyntaxError, tarfile.TarError) as error:
        raise OverganError(f"{where} cannot be read as an image ({error}); mend or remove it") from None


def _without_common_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    """The paths below the deepest folder that holds them all; a lone train or test folder is kept."""
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = [PurePosixPath(*path.parts[1:]) for path in paths]
    return paths


def _is_held_out(path: PurePosixPath) -> bool:
    return int(hashlib.sha256(str(path).encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0
