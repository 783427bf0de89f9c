"""CelebA at 64 × 64 pixels, in its published layout."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from overgan.data._cache import Unread, cached
from overgan.data._download import downloading
from overgan.data._form import AS_IT_IS, Form
from overgan.data._images import DataSet, ImageSet
from overgan.data._progress import Progress, no_progress
from overgan.errors import OverganError

CROP, SHAPE = 140, (64, 64, 3)
PARTITION, IMAGES = "list_eval_partition.txt", "img_align_celeba"
TRAIN, TEST = "0", "2"  # of the official partition; 1 is its validation part


def celeba(root: Path | None, form: Form = AS_IT_IS, progress: Progress = no_progress) -> ImageSet:
    """CelebA's aligned faces: the middle 140 × 140 pixels, resized to 64 × 64, or the form's size, with antialiasing.

    The official partition gives training (162,770) and held-out (19,962, its test part) images. Its validation part
    (19,867) is left out, so that there are images on which nothing was trained and by which no width was chosen.

    root: the folder that holds img_align_celeba and list_eval_partition.txt, or one whose celeba folder does. Without
    a root it is taken from the user's cache folder, where torchvision downloads it first if it is not there. `cached`
    keeps what has been read.

    Raises OverganError if a file is missing or cannot be read, or the download fails.
    """
    if root is None:
        with downloading("CelebA", "celeba", f"{IMAGES} and {PARTITION}") as root:
            if not (root / "celeba" / PARTITION).exists():
                from torchvision.datasets import CelebA  # here, because it takes more than a second

                root.mkdir(parents=True, exist_ok=True)
                CelebA(str(root), split="all", download=True)
    folder = next((f for f in (root, root / "celeba") if (f / PARTITION).is_file()), None)
    if folder is None or not (folder / IMAGES).is_dir():
        raise OverganError(
            f"data.root: {root} does not hold {PARTITION} and the folder {IMAGES}; name the one that does"
        )
    return cached("celeba", folder, form, partial(_unread, folder, form), progress)


@contextmanager
def _unread(folder: Path, form: Form) -> Iterator[Unread]:
    rows = [line.split() for line in (folder / PARTITION).read_text(encoding="utf-8").splitlines() if line.strip()]
    if any(len(row) != 2 for row in rows):
        raise OverganError(f"{folder / PARTITION} is damaged: a line is not a file's name and its part; restore it")
    train, test = (sorted(name for name, part in rows if part == wanted) for wanted in (TRAIN, TEST))
    names = [*train, *test]
    yield Unread(
        name="celeba",
        read=lambda chosen: _read(folder / IMAGES, [names[i] for i in chosen], form),
        order=np.arange(len(names)),
        training=len(train),
        labels=None,
        notes=lambda: form.notes,
    )


def _read(folder: Path, names: list[str], form: Form) -> UInt8[np.ndarray, "images h w c"]:
    images = np.empty((len(names), *form.shape(SHAPE)), np.uint8)

    def read(slot: int) -> None:
        path = folder / names[slot]
        try:
            with Image.open(path) as image:
                left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
                box = (left, top, left + CROP, top + CROP)
                if min(box) < 0:
                    raise OverganError(f"{path} has {image.width} × {image.height} pixels; at least {CROP} are needed")
                face = image.convert("RGB").crop(box)
        except OSError as error:
            raise OverganError(f"{path} cannot be read as an image ({error}); restore it") from None
        images[slot] = form.array(face.resize(images.shape[2:0:-1], Image.Resampling.BILINEAR))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(read, range(len(names))))
    return images


DATASET = DataSet(celeba, SHAPE, celeba, counts=(162_770, 19_962))
