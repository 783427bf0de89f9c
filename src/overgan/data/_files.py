"""Image files, in a directory or an archive, decoded when they are asked for."""

import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

from overgan.data._archives import DAMAGED, LARGEST, Entry, archived
from overgan.data._datasets import dataset_files, is_dataset
from overgan.data._form import AS_IT_IS, Form
from overgan.data._split import ARCHIVES, part_of
from overgan.data._walk import files_below
from overgan.errors import OverganError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
ONE_SIZE = "bring all images to one size"
MOST_PIXELS = 2**26  # of an image, of which several are decoded at once
LARGE, AT_ONCE = 2**14, 64  # bytes of a file from which on threads gain more than they cost; files in memory


class ImageFiles:
    """Files that are like an array (images, height, width, channels) of uint8: a length, and [i:j], which reads them.

    form: what each is brought to. Grey images among colour ones become colour, as far as is known: once `scan` has
    looked at all of them, or in one read of them.
    mend: what to do if their sizes differ.
    others: files that are no images, for the notes.
    paths: below the deepest folder that holds them all, as they lie, which is fast to read in a compressed tar file.
    """

    def __init__(self, root: Path, entries: Sequence[Entry], form: Form, mend: str, others: Sequence[PurePosixPath]):
        self.root, self._entries, self._form, self._mend = root, list(entries), form, mend
        self.paths = without_common_folder([path for path, _ in entries])
        self.channels: int | None = None
        self._others = others
        self._first: tuple[PurePosixPath, tuple[int, ...]] | None = None  # the first that was looked at, and its size
        self._changed: dict[str, set[PurePosixPath]] = {}  # what was done, and to which

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, chosen: Any) -> UInt8[np.ndarray, "images h w c"]:
        """The images of a slice, or of an array of indices.

        Raises OverganError if one cannot be read, or they differ in size.
        """
        entries = [self._entries[i] for i in np.arange(len(self))[chosen]]
        images: np.ndarray = np.empty((0, 0, 0, 0), np.uint8)
        for i, ((path, _), image) in enumerate(zip(entries, self._decoded(entries), strict=True)):
            self._check_size(path, image.shape[1::-1])
            if i == 0:
                images = np.empty((len(entries), *image.shape[:2], self.channels or image.shape[2]), np.uint8)
            if image.shape[2] > images.shape[3]:
                images = np.repeat(images, 3, axis=3)
            images[i] = image
        return images

    def scan(self) -> None:
        """Look at every file's head and fix the number of channels. Raises OverganError as [i:j] does."""
        for path, read in self._entries:
            with self._opened(path, self._content(path, read)) as image:
                self._check_size(path, self._form.pixels(image))
                self.channels = max(self.channels or 1, self._form.channels(image))

    def shapes(self, chosen: Sequence[int]) -> list[tuple[int, int, int]]:
        """Height, width and channels of some images, from their heads. Raises OverganError as [i:j] does."""
        shapes = []
        for i in chosen:
            path, read = self._entries[i]
            with self._opened(path, self._content(path, read)) as image:
                shapes.append((image.height, image.width, self._form.channels(image)))
        return shapes

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user may not expect: files that are left out, and what was done to images that were looked at."""
        changed = [f"{what}: {len(paths):,} of {len(self):,} images" for what, paths in self._changed.items()]
        endings = " ".join(sorted({path.suffix.lower() or path.name for path in self._others}))
        others = [f"left out, by their endings: {len(self._others):,} files ({endings})"] if self._others else []
        return (*changed, *others)

    def _decoded(self, entries: Sequence[Entry]) -> Iterator[UInt8[np.ndarray, "height width channels"]]:
        """Each image in the form; large ones by as many threads as there are cores."""

        def decoded(path: PurePosixPath, content: bytes) -> UInt8[np.ndarray, "height width channels"]:
            with self._opened(path, content) as image:
                return self._form.array(image)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for part in self._contents(entries):
                mapped = pool.map if len(part[0][1]) >= LARGE else map
                yield from mapped(decoded, *zip(*part, strict=True))

    def _contents(self, entries: Sequence[Entry]) -> Iterator[list[tuple[PurePosixPath, bytes]]]:
        """Path and bytes of every file, one after another, as a tar file must be read, and some at once."""
        part, size = [], 0
        for path, read in entries:
            part.append((path, self._content(path, read)))
            size += len(part[-1][1])
            if len(part) == AT_ONCE or size >= LARGEST:
                yield part
                part, size = [], 0
        if part:
            yield part

    def _check_size(self, path: PurePosixPath, size: tuple[int, ...]) -> None:
        first_path, first = self._first = self._first or (path, size)
        if size != first:
            raise OverganError(
                f"{self.root}: {path} has {size[0]} × {size[1]} pixels but {first_path} has "
                f"{first[0]} × {first[1]}; {self._mend}",
                "size",
            )

    def _content(self, path: PurePosixPath, read: Callable[[], bytes]) -> bytes:
        with self._explained(path):
            return read()

    @contextmanager
    def _opened(self, path: PurePosixPath, content: bytes) -> Iterator[Image.Image]:
        with self._explained(path), _head(content) as image:
            if image.width * image.height > MOST_PIXELS:
                raise OverganError(
                    f"{self.root}: {path} has {image.width:,} × {image.height:,} pixels; make it smaller"
                )
            if image.mode.startswith(("I", "F")):
                raise OverganError(f"{self.root}: {path} has more than 8 bits a channel; convert it to 8 bits")
            for change in _changes(image):
                self._changed.setdefault(change, set()).add(path)
            yield ImageOps.exif_transpose(image) if _lies(image) else image

    @contextmanager
    def _explained(self, path: PurePosixPath) -> Iterator[None]:
        try:
            yield
        except OverganError:
            raise
        except DAMAGED as error:
            reason = "in no format that is known" if isinstance(error, UnidentifiedImageError) else error
            where = f"{self.root}: {path}"
            raise OverganError(f"{where} cannot be read as an image ({reason}); mend or remove it") from None


@contextmanager
def open_files(root: Path, name: str, form: Form = AS_IT_IS, mend: str = ONE_SIZE) -> Iterator[ImageFiles]:
    """Every image below a directory, or inside an archive, or in a dataset; an archive named as a part is a folder.

    name: of the argument or setting, for errors. form, mend: as `ImageFiles` has them.
    Raises OverganError if there are none, or the archive or dataset cannot be read.
    """
    if is_dataset(root) and not any(map(_is_image, files_below(root))):
        yield ImageFiles(root, dataset_files(root), form, mend, [])
        return
    if not root.exists():
        raise OverganError(f"{{argument}}: {root} does not exist", name)
    with ExitStack() as archives:
        files = list(_files_below(root, archives))
        entries = [(path, read) for path, read in files if _is_image(path)]
        if not entries:
            endings = " ".join(sorted(SUFFIXES))
            raise OverganError(f"{{argument}}: no image in {root}; known endings: {endings}", name)
        yield ImageFiles(root, entries, form, mend, [path for path, _ in files if not _is_image(path)])


def class_labels(folders: Sequence[PurePosixPath]) -> np.ndarray | None:
    """0, 1, … for the sub-folder of every image, in the order of their names, if all lie in two or more."""
    places = {folder: i for i, folder in enumerate(sorted(set(folders)))}
    if len(places) < 2 or PurePosixPath() in places:
        return None
    return np.array([places[folder] for folder in folders], np.int64)


def without_common_folder(paths: list[PurePosixPath]) -> list[PurePosixPath]:
    """The paths below the deepest folder that holds them all."""
    while paths and len({path.parts[0] for path in paths}) == 1 and all(len(path.parts) > 1 for path in paths):
        paths = [PurePosixPath(*path.parts[1:]) for path in paths]
    return paths


def _files_below(root: Path, archives: ExitStack) -> Iterator[Entry]:
    """Every file that is not hidden."""
    if root.is_file():
        if _is_image(root):
            raise OverganError(f"{root} is one image; name the folder of all of them")
        yield from archived(root, archives)
        return
    for path in sorted(files_below(root)):
        if path.parent == root and path.name.lower().endswith(ARCHIVES) and part_of(path.name):
            inner = list(archived(path, archives))
            images = [name for name, _ in inner if _is_image(name)]
            short = dict(zip(images, without_common_folder(images), strict=True))
            yield from ((path.name / short.get(name, name), read) for name, read in inner)
        else:
            yield PurePosixPath(path.relative_to(root)), path.read_bytes


def _head(content: bytes) -> Image.Image:
    with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):  # such are refused
        return Image.open(io.BytesIO(content))


def _is_image(path: PurePath) -> bool:
    return path.suffix.lower() in SUFFIXES


def _changes(image: Image.Image) -> Iterator[str]:
    """What is done to an image that the user may not expect."""
    if image.has_transparency_data:
        yield "put on white, for they have an alpha channel"
    if ";16" in str(getattr(image, "tile", "")):
        yield "brought from 16 to 8 bits a channel"
    if image.format != "MPO" and getattr(image, "is_animated", False):
        yield "several frames, of which the first is taken"
    if _lies(image):
        yield "turned upright, as their EXIF data says"


def _lies(image: Image.Image) -> bool:
    with suppress(*DAMAGED):  # EXIF data that are no good are no reason to refuse an image
        return "exif" in image.info and image.getexif().get(Base.Orientation, 1) != 1
    return False
