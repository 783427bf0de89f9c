"""Images from wherever a user has them: an array, a .npy or .npz file, a directory, an archive or a dataset."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from overgan.data._arrays import as_images, is_array, one_array
from overgan.data._files import ONE_SIZE, ImageFiles, open_files
from overgan.data._form import AS_IT_IS, Form
from overgan.data._split import part_folders
from overgan.errors import OverganError

Source = UInt8[np.ndarray, "_ _ _ _"] | str | Path  # images (images, height, width, channels), or where they are


MEND = f"{ONE_SIZE}, or have each cropped and resized with {{argument}}=64 or so"


@contextmanager
def open_images(source: Source, name: str, form: Form = AS_IT_IS) -> Iterator["np.ndarray | ImageFiles | Formed"]:
    """Images that have a length and are read by [i:j], as (images, height, width, channels) of uint8.

    source: an array, or the path of a .npy or .npz file with one (a .npy file's stays on disk), a directory,
        an archive or a dataset.
    name: of the argument, for errors. form: what every image is brought to, as it is read.

    Raises OverganError if there are none, or an array is not one of images, or they are the parts of a set.
    """
    path = Path() if isinstance(source, np.ndarray) else Path(source).expanduser()
    if isinstance(source, np.ndarray) or is_array(path):
        images = _array(source if isinstance(source, np.ndarray) else path, name)
        yield images if form == AS_IT_IS else Formed(images, form)
    else:
        with open_files(path, name, form, MEND) as files:
            if found := part_folders(files.paths, f"{name}: {path}"):
                parts = ", ".join(sorted(set(found[1])))
                raise OverganError(f"{{argument}}: {path} has the parts {parts}; name the folder of one of them", name)
            files.scan()
            for note in files.notes:
                logging.getLogger(__name__).warning(f"overgan: {name} images: {note}")
            yield files


class Subset:
    """Some of the images, read when they are asked for."""

    def __init__(self, images: Any, chosen: Int64[np.ndarray, " chosen"]):
        self._images, self._chosen = images, chosen

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, part: Any) -> UInt8[np.ndarray, "images h w c"]:
        images: np.ndarray = np.asarray(self._images[self._chosen[part]])
        return images


class Formed:
    """An array of images, each brought to a form when it is asked for."""

    def __init__(self, images: np.ndarray, form: Form):
        self._images, self._form = images, form

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, part: Any) -> UInt8[np.ndarray, "images h w c"]:
        return self._form.arrays(self._images[part])


def _array(source: np.ndarray | Path, name: str) -> np.ndarray:
    try:
        return one_array(source) if isinstance(source, Path) else as_images(source)
    except OverganError as error:
        raise OverganError(f"{{argument}}: {error}", name) from None
