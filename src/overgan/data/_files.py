"""Image files, in a directory or a tar file, decoded when they are asked for."""

import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from overgan.errors import OverganError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
PARTS = ("train", "test")
GREY = ("L", "LA", "1")  # Pillow's names

Entry = tuple[PurePosixPath, Callable[[], bytes]]


class ImageFiles:
    """Files that are like an array (images, height, width, channels) of uint8: a length, and [i:j], which reads them.

    paths: below the deepest folder that holds them all, as they lie, which is fast to read in a compressed tar file.
    channels: of what [i:j] gives. Grey images among colour ones become colour; None looks no further than i … j.
    """

    def __init__(self, root: Path, entries: Sequence[Entry], channels: int | None = None):
        self.root, self._entries, self.channels = root, list(entries), channels
        self.paths = without_common_folder([path for path, _ in entries])

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, chosen: Any) -> UInt8[np.ndarray, "images h w c"]:
        """The images of a slice, or of an array of indices. Raises OverganError as `read` does."""
        return ImageFiles(self.root, [self._entries[i] for i in np.arange(len(self))[chosen]], self.channels).read()

    def scan(self) -> None:
        """Look at every file's head and fix the number of channels. Raises OverganError as `read` does."""
        first: tuple[int, int] | None = None
        for path, read in self._entries:
            with _opened(f"{self.root}: {path}", read) as image:
                first = first or image.size
                self._check_size(path, image.size, first)
                self.channels = max(self.channels or 1, 1 if image.mode in GREY else 3)

    def read(self) -> UInt8[np.ndarray, "images h w c"]:
        """All of them. Raises OverganError if one cannot be read, or they differ in size."""
        images: np.ndarray | None = None
        for i, (path, read) in enumerate(self._entries):
            image = _decode(f"{self.root}: {path}", read)
            if images is None:
                images = np.empty((len(self), *image.shape[:2], self.channels or image.shape[2]), np.uint8)
            self._check_size(path, image.shape[1::-1], images.shape[2:0:-1])
            if image.shape[2] > images.shape[3]:
                images = np.repeat(images, 3, axis=3)
            images[i] = image
        assert images is not None  # noqa: S101 - there is always an entry
        return images

    def _check_size(self, path: PurePosixPath, size: tuple[int, ...], first: tuple[int, ...]) -> None:
        if size != first:
            raise OverganError(
                f"{self.root}: {path} has {size[0]} × {size[1]} pixels but {self._entries[0][0]} has "
                f"{first[0]} × {first[1]}; bring all images to one size"
            )


@contextmanager
def open_files(root: Path, name: str) -> Iterator[ImageFiles]:
    """Every image below a directory, or inside a tar file; a tar file named train or test counts as a folder.

    name: of the argument or setting, for errors. Raises OverganError if there are none, or the tar file cannot be read.
    """
    if not root.exists():
        raise OverganError(f"{{argument}}: {root} does not exist", name)
    with ExitStack() as archives:
        entries = list(_entries_below(root, archives))
        if not entries:
            endings = " ".join(sorted(SUFFIXES))
            raise OverganError(f"{{argument}}: no image in {root}; known endings: {endings}", name)
        yield ImageFiles(root, entries)


def class_labels(folders: Sequence[PurePosixPath]) -> np.ndarray | None:
    """0, 1, … for the sub-folder of every image, in the order of their names, if all lie in two or more."""
    names = sorted(set(folders))
    if len(names) < 2 or PurePosixPath() in names:
        return None
    return np.array([names.index(folder) for folder in folders], np.int64)


def without_common_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    """The paths below the deepest folder that holds them all; a lone train or test folder is kept."""
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = [PurePosixPath(*path.parts[1:]) for path in paths]
    return paths


def _entries_below(root: Path, archives: ExitStack) -> Iterator[Entry]:
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
            names = without_common_folder([name for name, _ in inner])
            yield from ((part / name, read) for name, (_, read) in zip(names, inner, strict=True))


def _tar_entries(path: Path, archives: ExitStack) -> Iterator[Entry]:
    def read(member: tarfile.TarInfo) -> bytes:
        file = archive.extractfile(member)
        assert file is not None  # noqa: S101 - only None for what is no file
        return file.read()

    try:
        archive = archives.enter_context(tarfile.open(path))  # noqa: SIM115 - the stack closes it
        for member in archive.getmembers():
            name = PurePosixPath(member.name)
            if member.isfile() and _is_image(name):
                yield name, partial(read, member)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise OverganError(f"{path} cannot be read as a tar file ({error}); make or download it again") from None


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _decode(where: str, read: Callable[[], bytes]) -> UInt8[np.ndarray, "height width channels"]:
    """One image: 1 channel if it is grey, 3 if it has colours."""
    with _opened(where, read) as image:
        grey = image.mode in GREY
        array = np.asarray(image.convert("L" if grey else "RGB"))
        return array[..., None] if grey else array


@contextmanager
def _opened(where: str, read: Callable[[], bytes]) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(read())) as image:
            if image.mode.startswith(("I", "F")):
                raise OverganError(f"{where} has more than 8 bits a channel; convert it to 8 bits")
            yield image
    except (UnidentifiedImageError, OSError, EOFError, SyntaxError, tarfile.TarError) as error:
        raise OverganError(f"{where} cannot be read as an image ({error}); mend or remove it") from None
