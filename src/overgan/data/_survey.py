"""What a set of images is like: found without reading all of them, where they are files."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from overgan.data._arrays import is_array, opened_arrays, unread_arrays
from overgan.data._cache import Unread, times
from overgan.data._files import class_labels, open_files
from overgan.data._split import split

LOOKED_AT = 1_000  # files, evenly spread


@dataclass(frozen=True)
class Survey:
    """How many images there are, and of what shape; classes is 0 for images without labels."""

    train: int
    held_out: int
    classes: int
    least: tuple[int, int]  # height and width in pixels, of all images together
    most: tuple[int, int]
    channels: int


def survey(root: Path) -> Survey:
    """The survey of a folder, archive, array or dataset; of files that are many the shapes of 1,000.

    A compressed archive takes minutes, so the last survey is remembered, until a file of the set changes.

    Raises OverganError if there are no images, one cannot be read, or it is not clear which are held out.
    """
    return _survey(root, tuple(times(root)))


@lru_cache(maxsize=1)
def _survey(root: Path, _times: tuple[tuple[str, int, int], ...]) -> Survey:
    if is_array(root):
        with opened_arrays(root) as arrays:
            return survey_of(unread_arrays(arrays, root.name, f"{root}: "))
    with open_files(root, "data.root") as files:
        parts = split(files.paths, str(root))
        labels = class_labels(parts.folders)
        looked_at = np.unique(np.linspace(0, len(parts.used) - 1, LOOKED_AT).round().astype(int))
        shapes = np.array(files.shapes([int(i) for i in parts.used[looked_at]]))
    held_out = int(parts.held_out.sum())
    return Survey(
        train=len(parts.used) - held_out,
        held_out=held_out,
        classes=0 if labels is None else len(np.unique(labels)),
        least=(int(shapes[:, 0].min()), int(shapes[:, 1].min())),
        most=(int(shapes[:, 0].max()), int(shapes[:, 1].max())),
        channels=int(shapes[:, 2].max()),
    )


def survey_of(images: Unread) -> Survey:
    """The survey of images in arrays, all of one shape."""
    height, width, channels = images.read(images.order[:1]).shape[1:]
    classes = 0 if images.labels is None else len(np.unique(images.labels))
    held_out = len(images.order) - images.training
    return Survey(images.training, held_out, classes, (height, width), (height, width), channels)
