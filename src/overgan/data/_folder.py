"""The user's own images: in a directory, an archive, an array or a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from overgan.data._arrays import is_array, opened_arrays, unread_arrays
from overgan.data._cache import Unread, cached, in_memory
from overgan.data._datasets import is_hub
from overgan.data._files import ONE_SIZE, class_labels, open_files
from overgan.data._form import AS_IT_IS, Form
from overgan.data._images import DataSet, ImageSet
from overgan.data._progress import Progress, no_progress
from overgan.data._split import split
from overgan.errors import OverganError

MEND = (
    f"{ONE_SIZE}, or set data.size, such as data.size=64, to which each is then resized, cropped to its middle square "
    "(data.mode=grey or data.mode=colour makes all grey, or all colour)"
)


def folder(root: Path | None, form: Form = AS_IT_IS, progress: Progress = no_progress) -> ImageSet:
    """Every image below a directory, inside a tar or zip file, or in a dataset, in the order of their paths, in a form.

    The two parts are as `split` says. Sub-folders of a part, if all of its images lie in two or more, are the classes.
    Grey images among colour ones become colour, if the form has no mode. A .npy or .npz file is read by
    `unread_arrays`. `cached` keeps what has been read, but for datasets of the Hub.

    Raises OverganError if there are no images, one cannot be read, they differ in size, or the parts are not clear.
    """
    if root is None:
        raise OverganError("data.root is not set: name a folder or file of images with data.root=PATH")
    if is_hub(root):  # which may have changed, and has no files here that would tell
        with _unread(root, form) as images:
            return in_memory(images, progress)
    unread = _unread_arrays if is_array(root) else _unread
    return cached("folder", root, form, partial(unread, root, form), progress)


@contextmanager
def _unread_arrays(root: Path, form: Form) -> Iterator[Unread]:
    with opened_arrays(root) as arrays:
        yield unread_arrays(arrays, root.resolve().name, f"{root}: ", form)


@contextmanager
def _unread(root: Path, form: Form) -> Iterator[Unread]:
    with open_files(root, "data.root", form, MEND) as files:
        chosen = split(files.paths, f"data.root: {root}")
        labels = class_labels(chosen.folders)
        # training images first, each part in the order of its paths
        paths, held_out = [files.paths[i] for i in chosen.used], chosen.held_out
        order = np.array(sorted(range(len(paths)), key=lambda i: (held_out[i], paths[i])))
        yield Unread(
            name=root.resolve().name,
            read=files.__getitem__,
            order=chosen.used[order],
            training=int((~held_out).sum()),
            labels=None if labels is None else labels[order],
            notes=lambda: (chosen.note, *form.notes, *files.notes),
        )


DATASET = DataSet(folder, formed=folder)
