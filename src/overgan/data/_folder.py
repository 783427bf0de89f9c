"""The user's own images: in a directory, an archive, an array or a dataset."""

from pathlib import Path

import numpy as np

from overgan.data._arrays import array_set, is_array
from overgan.data._files import ONE_SIZE, class_labels, open_files
from overgan.data._form import AS_IT_IS, Form
from overgan.data._images import DataSet, ImageSet, brought_to
from overgan.data._split import split
from overgan.errors import OverganError

MEND = (
    f"{ONE_SIZE}, or set data.size, such as data.size=64, to which each is then resized, cropped to its middle square "
    "(data.mode=grey or data.mode=colour makes all grey, or all colour)"
)


def folder(root: Path | None, form: Form = AS_IT_IS) -> ImageSet:
    """Every image below a directory, inside a tar or zip file, or in a dataset, in the order of their paths, in a form.

    The two parts are as `split` says. Sub-folders of a part, if all of its images lie in two or more, are the classes.
    Grey images among colour ones become colour, if the form has no mode. A .npy or .npz file is read by `array_set`.

    Raises OverganError if there are no images, one cannot be read, they differ in size, or the parts are not clear.
    """
    if root is None:
        raise OverganError("data.root is not set: name a folder or file of images with data.root=PATH")
    if is_array(root):
        return brought_to(form, array_set(root))
    with open_files(root, "data.root", form, MEND) as files:
        chosen = split(files.paths, f"data.root: {root}")
        images, notes = files[chosen.used], (chosen.note, *form.notes, *files.notes)
    labels = class_labels(chosen.folders)
    # training images first, each part in the order of its paths
    paths, held_out = [files.paths[i] for i in chosen.used], chosen.held_out
    order = np.array(sorted(range(len(paths)), key=lambda i: (held_out[i], paths[i])))
    _reorder(images, order)
    n = int((~held_out).sum())
    name = root.resolve().name
    if labels is None:
        return ImageSet(name, images[:n], images[n:], notes=notes)
    labels = labels[order]
    return ImageSet(name, images[:n], images[n:], labels[:n], labels[n:], notes=notes)


def _reorder(images: np.ndarray, order: np.ndarray) -> None:
    """images[:] = images[order], one image at a time: a copy of the whole set may not fit."""
    done = np.zeros(len(order), bool)
    for start in range(len(order)):
        if done[start]:
            continue
        held, slot = images[start].copy(), start
        while not done[slot]:
            done[slot] = True
            source = order[slot]
            images[slot] = held if source == start else images[source]
            slot = source


DATASET = DataSet(folder, formed=folder)
