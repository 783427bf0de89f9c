"""A directory or tar file of the user's own images."""

import hashlib
from pathlib import Path, PurePosixPath

import numpy as np

from overgan.data._files import PARTS, class_labels, open_files
from overgan.data._images import DataSet, ImageSet
from overgan.errors import OverganError

HELD_OUT_ONE_IN = 5


def folder(root: Path | None) -> ImageSet:
    """Every image below a directory, or inside a tar file, in the order of their paths.

    `train` and `test`, as sub-folders or as tar files of those names, are the two parts. Without them an image is
    held out if the SHA-256 of its path is divisible by 5, so it keeps its side when others are added. Sub-folders
    of a part, if all of its images lie in two or more, are the classes. Grey images among colour ones become colour.

    Raises OverganError if there are no images, one cannot be read, or they differ in size.
    """
    if root is None:
        raise OverganError("data.root is not set: name a folder or tar file of images with data.root=PATH")
    with open_files(root, "data.root") as files:
        paths, images = files.paths, files.read()
    split = {path.parts[0] for path in paths} == set(PARTS)
    held_out = np.array([path.parts[0] == "test" if split else _is_held_out(path) for path in paths])
    labels = class_labels([path.parent.relative_to(path.parts[0]) if split else path.parent for path in paths])
    # training images first, each part in the order of its paths
    order = np.array(sorted(range(len(paths)), key=lambda i: (held_out[i], paths[i])))
    _reorder(images, order)
    n = int((~held_out).sum())
    name = root.resolve().name
    if labels is None:
        return ImageSet(name, images[:n], images[n:])
    labels = labels[order]
    return ImageSet(name, images[:n], images[n:], labels[:n], labels[n:])


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


def _is_held_out(path: PurePosixPath) -> bool:
    return int(hashlib.sha256(str(path).encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0


DATASET = DataSet(folder)
