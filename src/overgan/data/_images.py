"""An image set: arrays of its images, split into a training and a held-out part."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from overgan.data._form import AS_IT_IS, Form
from overgan.data._progress import Progress
from overgan.errors import OverganError
from overgan.words import brief

Images = UInt8[np.ndarray, "_ _ _ _"]


@dataclass(frozen=True, repr=False)
class ImageSet:
    """Images as uint8 arrays (images, height, width, channels), with labels 0, 1, … where the set has them.

    The arrays of sets that are read from files are pages of a file in the user's cache, and cannot be written to.

    notes: what a user must know of how they were read, each a part of a sentence; not a part of the fingerprint.

    Raises OverganError if the arrays are others, one part has fewer than two images, or the two are of different sizes.
    """

    name: str
    train: Images
    test: Images
    train_labels: Int64[np.ndarray, "_"] | None = None
    test_labels: Int64[np.ndarray, "_"] | None = None
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        parts = (("training", self.train, self.train_labels), ("held-out", self.test, self.test_labels))
        for part, images, labels in parts:
            if images.dtype != np.uint8 or images.ndim != 4:
                message = f"{part} images are {images.dtype} of shape {tuple(images.shape)}"
                raise OverganError(f"{self.name}: {message}; uint8 of (images, height, width, channels) is needed")
            if labels is not None and labels.shape != images.shape[:1]:
                message = f"{len(images)} {part} images have labels of shape {tuple(labels.shape)}"
                raise OverganError(f"{self.name}: {message}; one for each image is needed, or None")
            if len(images) < 2:
                message = f"{len(images)} {part} images; at least 2 are needed in each part: add images"
                raise OverganError(f"{self.name}: {message}")
        refuse_two_sizes(self.name, self.train.shape[1:], self.test.shape[1:])

    def __repr__(self) -> str:
        return brief(self, name=self.name, train=self.train.shape, test=self.test.shape)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self.train.shape[1:]
        return height, width, channels

    @cached_property
    def reference(self) -> Int64[np.ndarray, " chosen"]:
        """Training images, by a fixed rule, that stand for the training set when it is compared with generated images.

        As many as there are held-out images, but at most half of the training set. A network that computes features
        must not be trained on them: it would see them, unlike the held-out images, more sharply than anything new.
        """
        n = min(len(self.test), len(self.train) // 2)
        return np.random.default_rng(0).permutation(len(self.train))[:n]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of every pixel and label, so that a study knows its data again."""
        digest = hashlib.sha256()
        for part in (self.train, self.test, self.train_labels, self.test_labels):
            if part is not None:
                digest.update(repr(part.shape).encode())
                digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class DataSet:
    """An image set that a spec can name.

    load: gives its images, from a folder or tar file, or, of None, from where it finds or downloads them itself. It
    raises OverganError if they cannot be had.
    shape: height, width and channels of an image, if that is known without reading one.
    counts: of training and of held-out images, if they are known without reading one.
    formed: gives its images in a form, where that is better done as each is read than to all that `load` gave; it tells
    how far it is.
    """

    load: Callable[[Path | None], ImageSet]
    shape: tuple[int, int, int] | None = None
    counts: tuple[int, int] | None = field(default=None, kw_only=True)
    formed: Callable[[Path | None, Form, Progress], ImageSet] | None = None


def brought_to(form: Form, images: ImageSet) -> ImageSet:
    """The same set, every image in the form. Raises OverganError for images that have neither 1 nor 3 channels."""
    if form == AS_IT_IS:
        return images
    if images.shape[2] not in (1, 3):
        message = f"images of {size_in_words(images.shape)}, but data.size and data.mode are for 1 or 3; leave them out"
        raise OverganError(f"{images.name}: {message}")
    return replace(
        images, train=form.arrays(images.train), test=form.arrays(images.test), notes=(*images.notes, *form.notes)
    )


def refuse_two_sizes(name: str, train: tuple[int, ...], held_out: tuple[int, ...]) -> None:
    """Raise OverganError if images of the two parts have not one height, width and number of channels."""
    if train != held_out:
        message = f"training images of {size_in_words(train)} and held-out images of {size_in_words(held_out)}"
        raise OverganError(f"{name}: {message}; bring them to one size, or set data.size or data.mode")


def size_in_words(shape: tuple[int, ...]) -> str:
    """The size of (height, width, channels) in words, such as 32 × 32 pixels and 3 channels."""
    height, width, channels = shape
    return f"{width} × {height} pixels and {channels} channel{'s' if channels > 1 else ''}"
