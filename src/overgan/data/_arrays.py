"""Images in a .npy or .npz file: plain arrays, never pickled objects."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from overgan.data._archives import DAMAGED
from overgan.data._images import ImageSet
from overgan.data._split import PARTS, held_out_by_hash
from overgan.errors import OverganError

SUFFIXES = (".npy", ".npz")
# what a key's words say beside its part, such as train in train_images; arr_0 is what np.savez calls a first array
IMAGES = {"", "arr_0", "data", "image", "images", "imgs", "samples", "x"}
LABELS = {"class", "classes", "label", "labels", "target", "targets", "y"}
KEYS = "images, or train_images, val_images, test_images; x, x_train, x_test, … and labels, y, train_labels, y_train, …"

Arrays = dict[str, np.ndarray]  # by part: train, val, test, or none


def is_array(path: Path) -> bool:
    """Whether it is a .npy or .npz file."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def array_set(path: Path) -> ImageSet:
    """The images of a .npy or .npz file, as they are in it: uint8 (images, height, width), or with 1 or 3 channels.

    Parts are told by the keys of a .npz file, as MedMNIST's and Keras' are: train is trained on; val, or if there is
    none test, is held out. Without them an image is held out if the SHA-256 of its index is divisible by 5.

    Raises OverganError if the file cannot be read, would have to be unpickled, or the arrays are not of images.
    """
    images, labels, notes = _read(path)
    images = {part: as_images(array, f"{path}{f': {part}' if part else ''}") for part, array in images.items()}
    classes = _classes(path, images, labels)
    if labels and not classes:
        notes.append("labels are left out, for they are not of two or more classes, one for each image")
    if len(images) > 1:
        if "train" not in images:
            raise OverganError(f"{path}: {' and '.join(sorted(images))}, but no train; add it, or keep one of them")
        held = "val" if "val" in images else "test"
        unused = [f"not used: test ({len(images['test']):,} images)"] if held == "val" and "test" in images else []
        parts = [
            f"{what}: {p} ({len(images[p]):,} images)" for p, what in (("train", "trained on"), (held, "held out"))
        ]
        both = [classes[p] for p in ("train", held)] if {"train", held} <= set(classes) else []
        return ImageSet(
            path.resolve().name, images["train"], images[held], *both, notes=("; ".join(parts + unused), *notes)
        )
    ((part, array),) = images.items()
    held_out = np.array([held_out_by_hash(str(i)) for i in range(len(array))], bool)
    note = f"held out by the hash of their indices: {held_out.sum():,} of {len(array):,} images"
    both = [classes[part][~held_out], classes[part][held_out]] if part in classes else []
    return ImageSet(path.resolve().name, array[~held_out], array[held_out], *both, notes=(note, *notes))


def one_array(path: Path) -> UInt8[np.ndarray, "images h w c"]:
    """The only array of images in the file, on disk if it is a .npy file. Raises OverganError as `array_set` does."""
    images, _, _ = _read(path)
    if len(images) > 1:
        raise OverganError(f"{path} has the parts {', '.join(images)}; save one of them as a .npy file with np.save")
    ((_, array),) = images.items()
    return as_images(array, str(path))


def as_images(array: np.ndarray, where: str = "") -> UInt8[np.ndarray, "images h w c"]:
    """An array of images with an axis of channels; fractions that are all n/255, as torchvision makes them, are n.

    where: for errors. Raises OverganError if it has another shape, or numbers that 8 bits do not hold.
    """
    given = f"{f'{where}: ' if where else ''}an array {array.shape} of {array.dtype}"
    if array.dtype.kind == "f":
        levels = np.rint(255 * array)
        if not (np.abs(255 * array - levels) < 1e-3).all() or levels.min(initial=0) < 0 or levels.max(initial=0) > 255:
            raise OverganError(
                f"{given}, which are not n/255 with n = 0 … 255; convert it, from 0 … 1 with "
                "np.rint(255 * x).astype(np.uint8)"
            )
        array = levels.astype(np.uint8)
    if array.ndim == 3:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3) or array.size == 0:
        turned = array.ndim == 4 and array.shape[1] in (1, 3)
        mend = "; bring the channels to the end with x.transpose(0, 2, 3, 1)" if turned else ""
        raise OverganError(f"{given}; uint8 (images, height, width) or (images, height, width, 1 or 3) is needed{mend}")
    return array


def _read(path: Path) -> tuple[Arrays, Arrays, list[str]]:
    """Images and labels by part, and what else is there."""
    images: Arrays = {}
    labels: Arrays = {}
    others = []
    with _loaded(path) as file:
        if isinstance(file, np.ndarray):
            return {"": file}, {}, []
        for key in file.files:
            words = re.findall(r"[a-z]+|\d+", key.lower())
            parts = [PARTS[word] for word in words if word in PARTS]
            what = "_".join(word for word in words if word not in PARTS)
            found = images if what in IMAGES else labels if what in LABELS else None
            if found is None or len(parts) > 1:
                others.append(key)
            elif (part := "".join(parts)) in found:
                raise OverganError(f"{path}: {key} and another key name the same {part or 'part'}; keep one of them")
            else:
                found[part] = file[key]
        if not images:
            keys = ", ".join(file.files) or "none"
            raise OverganError(f"{path}: no key names images (keys: {keys}); call them {KEYS}")
    if "" in images and len(images) > 1:
        named = ", ".join(part for part in images if part)
        raise OverganError(
            f"{path}: images beside those of {named}, so it is not clear what is held out; name all parts"
        )
    return images, labels, [f"left out, by their keys: {', '.join(sorted(others))}"] if others else []


@contextmanager
def _loaded(path: Path) -> Iterator[np.ndarray | np.lib.npyio.NpzFile]:
    kind = path.suffix.lower()
    try:
        file = np.load(path, mmap_mode="r" if kind == ".npy" else None, allow_pickle=False)
        if isinstance(file, np.ndarray):
            yield file
        else:
            with file:
                yield file
    except OverganError:
        raise
    except DAMAGED as error:
        if any(said in str(error) for said in ("Object arrays", "Python objects in dtype")):
            raise OverganError(
                f"{path} holds pickled objects, which are never read, for they may run code; save plain uint8 arrays"
            ) from None
        reason = "in no format of NumPy" if "pickle" in str(error) else error
        raise OverganError(
            f"{path} cannot be read as a {kind} file ({reason}); write it with np.save{'z' if kind == '.npz' else ''}"
        ) from None


def _classes(path: Path, images: Arrays, labels: Arrays) -> dict[str, Int64[np.ndarray, " images"]]:
    """Labels 0, 1, … of every part that has them, in the order of their values; none if there are fewer than two."""
    flat = {part: array.reshape(-1) if array.size == len(array) else array for part, array in labels.items()}
    for part, array in flat.items():
        if part in images and array.shape[:1] != images[part].shape[:1]:
            raise OverganError(
                f"{path}: {len(images[part])} images but labels {array.shape}; give each one label"
            )
    used = {
        part: array
        for part, array in flat.items()
        if part in images and array.ndim == 1 and array.dtype.kind in "iuUSb"
    }
    values = np.unique(np.concatenate(list(used.values()))) if used else np.array([])
    if len(values) < 2:
        return {}
    return {part: np.searchsorted(values, array).astype(np.int64) for part, array in used.items()}
