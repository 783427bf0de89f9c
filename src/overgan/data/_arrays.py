"""Images in arrays, and in .npy and .npz files: plain numbers, never pickled objects."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from overgan.data._archives import DAMAGED
from overgan.data._cache import Unread
from overgan.data._form import AS_IT_IS, Form
from overgan.data._images import refuse_two_sizes
from overgan.data._split import PARTS, held_out_by_hash
from overgan.disk import NpzArrays, mapped_array
from overgan.errors import OverganError
from overgan.memory import check_memory

SUFFIXES = (".npy", ".npz")
ZIP = b"PK"  # a .npz file begins so
BLOCK = 2**22  # fractions that are converted at once
# what a key's words say beside its part, such as train in train_images; arr_0 is what np.savez calls a first array
IMAGES = {"", "arr_0", "data", "image", "images", "imgs", "samples", "x"}
LABELS = {"class", "classes", "label", "labels", "target", "targets", "y"}
KEYS = "images, or train_images, val_images, test_images; x, x_train, x_test, … and labels, y, train_labels, y_train, …"

Arrays = Mapping[str, Any]  # arrays, each read when it is asked for: others in the file may be pickled
Images = UInt8[np.ndarray, "images h w c"]


def is_array(path: Path) -> bool:
    """Whether it is a .npy or .npz file."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def one_array(path: Path) -> Images:
    """The only array of images in the file, on disk if it is a .npy file. Raises OverganError as `opened_arrays`."""
    with opened_arrays(path) as arrays:
        images, _, _ = _by_part(arrays, f"{path}: ")
    if len(images) > 1:
        raise OverganError(f"{path} has the parts {', '.join(images)}; save one of them as a .npy file with np.save")
    ((_, array),) = images.items()
    return as_images(array, f"{path}: ")


def unread_arrays(arrays: Arrays, name: str, where: str = "", form: Form = AS_IT_IS) -> Unread:
    """Images in a form, and labels if there are any, by keys as MedMNIST and Keras have them.

    Those of train are trained on; of val, or if there is none of test, held out. Without parts an image is held out if
    the SHA-256 of its index is divisible by 5.

    where: before what errors say. Raises OverganError if it is not clear which array is what, or one is not of images.
    """
    found, labels, notes = _by_part(arrays, where)
    images = {part: as_images(array, f"{where}{f'{part}: ' if part else ''}") for part, array in found.items()}
    classes = _classes(images, labels, where)
    if len(images) > 1 and "train" not in images:
        raise OverganError(f"{where}{' and '.join(sorted(images))}, but no train; add it, or keep one of them")
    held = "val" if "val" in images else "test"
    used = list(images) if len(images) == 1 else ["train", held]
    total = sum(len(images[part]) for part in used)
    if len(images) == 1:
        held_out = np.array([held_out_by_hash(str(i)) for i in range(total)], bool)
        note = f"held out by the hash of their indices: {held_out.sum():,} of {total:,} images"
    else:
        refuse_two_sizes(name, *(form.shape(images[part].shape[1:]) for part in used))
        held_out = np.arange(total) >= len(images["train"])
        roles = {"train": "trained on", held: "held out"} | (
            {"test": "not used"} if {"val", "test"} <= set(images) else {}
        )
        note = "; ".join(f"{role}: {part} ({len(images[part]):,} images)" for part, role in roles.items())
    order = np.argsort(held_out, kind="stable")

    shape, starts = form.shape(images[used[0]].shape[1:]), np.cumsum([0, *(len(images[part]) for part in used)])

    def read(some: Int64[np.ndarray, " some"]) -> Images:
        found = np.empty((len(some), *shape), np.uint8)
        for part, low, high in zip(used, starts, starts[1:], strict=False):
            of_part = (some >= low) & (some < high)
            found[of_part] = form.arrays(images[part][some[of_part] - low])
        return found

    all_labels = np.concatenate([classes[part] for part in used])[order] if set(used) <= set(classes) else None
    if labels and all_labels is None:
        notes.append("labels are left out, for they are not of two or more classes, one for each image")
    all_notes = (note, *form.notes, *notes)
    return Unread(name, read, order, int((~held_out).sum()), all_labels, lambda: all_notes)


def as_images(array: np.ndarray, where: str = "") -> Images:
    """An array of images with an axis of channels; fractions that are all n/255, as torchvision makes them, are n.

    where: before what errors say. Raises OverganError if it has another shape, or numbers that 8 bits do not hold.
    """
    given = f"{where}an array {array.shape} of {array.dtype}"
    if array.dtype.kind == "f" and array.ndim in (3, 4):
        array = _levels(array, given)
    if array.ndim == 3:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3) or array.size == 0:
        turned = array.ndim == 4 and array.shape[1] in (1, 3)
        mend = "; bring the channels to the end with x.transpose(0, 2, 3, 1)" if turned else ""
        raise OverganError(f"{given}; uint8 (images, height, width) or (images, height, width, 1 or 3) is needed{mend}")
    return array


def _levels(fractions: np.ndarray, given: str) -> UInt8[np.ndarray, "..."]:
    """The n of fractions n/255, some images at a time, as they may be a file that is larger than memory."""
    check_memory(fractions.size, "the array", fractions.shape)
    levels, step = np.empty(fractions.shape, np.uint8), max(1, BLOCK // max(1, math.prod(fractions.shape[1:])))
    for start in range(0, len(fractions), step):
        block = fractions[start : start + step]
        rounded = np.rint(255 * np.clip(block, 0, 1))
        with np.errstate(invalid="ignore"):  # of infinities, which are refused
            exact = (np.abs(255 * block - rounded) < 1e-3).all()
        if not exact:
            raise OverganError(
                f"{given}, which are not n/255 with n = 0 … 255; convert it, from 0 … 1 with "
                "np.rint(255 * x).astype(np.uint8)"
            )
        levels[start : start + step] = rounded
    return levels


@contextmanager
def opened_arrays(path: Path) -> Iterator[Arrays]:
    """The arrays of a .npz file by their keys, or that of a .npy file. Raises OverganError if they cannot be read."""
    kind = path.suffix.lower()
    try:
        with path.open("rb") as stream:
            if stream.peek(len(ZIP)).startswith(ZIP):
                yield NpzArrays(stream)
                return
        yield {"images": mapped_array(path)}
    except OverganError:
        raise
    except DAMAGED as error:
        if "Object arrays" in str(error):
            raise OverganError(
                f"{path} holds pickled objects, which are never read, for they may run code; save plain uint8 arrays"
            ) from None
        reason = "in no format of NumPy" if "magic string" in str(error) else error
        raise OverganError(
            f"{path} cannot be read as a {kind} file ({reason}); write it with np.save{'z' if kind == '.npz' else ''}"
        ) from None


def _by_part(arrays: Arrays, where: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """Images and labels by part, which is "" for those of none, and a note of what else is there."""
    images: dict[str, np.ndarray] = {}
    labels: dict[str, np.ndarray] = {}
    others = []
    for key in arrays:
        words = re.findall(r"[a-z]+|\d+", key.lower())
        parts = [PARTS[word] for word in words if word in PARTS]
        what = "_".join(word for word in words if word not in PARTS)
        found = images if what in IMAGES else labels if what in LABELS else None
        if found is None or len(parts) > 1:
            others.append(key)
        elif (part := "".join(parts)) in found:
            raise OverganError(f"{where}{key} and another key name the same {part or 'images'}; keep one of them")
        else:
            found[part] = arrays[key]
    if not images:
        raise OverganError(f"{where}no key names images (keys: {', '.join(arrays) or 'none'}); call them {KEYS}")
    if "" in images and len(images) > 1:
        named = " and ".join(part for part in images if part)
        raise OverganError(
            f"{where}images beside those of {named}, so it is not clear what is held out; name all parts"
        )
    return images, labels, [f"left out, by their keys: {', '.join(sorted(others))}"] if others else []


def _classes(
    images: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray], where: str
) -> dict[str, Int64[np.ndarray, " images"]]:
    """Labels 0, 1, … of every part that has them, in the order of their values; none if there are fewer than two."""
    used = {}
    for part, array in labels.items():
        if part not in images:
            continue
        if array.shape[:1] != (len(images[part]),):
            raise OverganError(
                f"{where}{len(images[part])} images but labels {array.shape}; give every image one, or leave them out"
            )
        if array.size == len(array) and array.dtype.kind in "iuUSb":
            used[part] = array.reshape(-1)
    values = np.unique(np.concatenate(list(used.values()))) if used else np.array([])
    return {part: np.searchsorted(values, array) for part, array in used.items()} if len(values) > 1 else {}
