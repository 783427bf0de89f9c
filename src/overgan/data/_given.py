"""Images that a Python program has in memory: arrays, tensors, data sets of PyTorch."""

import io
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from overgan.data._arrays import as_images, opened_arrays
from overgan.data._form import AS_IT_IS
from overgan.disk import write_atomic
from overgan.errors import OverganError


@runtime_checkable
class GivenImages(Protocol):
    """An array, a tensor, a data set of PyTorch, a list of pictures, or a pair of such: trained on and held out."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


def given_arrays(given: Any) -> dict[str, np.ndarray]:
    """The images, and labels, of `GivenImages` by the keys of a .npz file: images and labels, or train_images, ….

    An array is uint8 (images, height, width), or with 1 or 3 channels; of a tensor with four axes the second may be the
    channels, and is, if it is 1 or 3. A data set gives an image or (image, label, …) for each index: a picture of
    Pillow's, a tensor (1 or 3, height, width), an array (height, width, 1 or 3); the label is a whole number.

    Raises OverganError if they are nothing of these.
    """
    if not isinstance(given, tuple):
        return _part(given, "")
    if len(given) != 2:
        raise OverganError(f"{len(given)} sets of images; give one, or two: (trained on, held out)")
    return _part(given[0], "train_") | _part(given[1], "test_")


def keep_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write them as a .npz file, if it is not there. Raises OverganError if it is, with others."""
    if not path.exists():
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type] # no key is allow_pickle
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, buffer.getvalue())
        return
    with opened_arrays(path) as kept:
        same = kept.keys() == arrays.keys() and all(np.array_equal(kept[key], arrays[key]) for key in arrays)
    if not same:
        raise OverganError(f"{path} has other images than these; name another folder with {{argument}}", "out")


def _part(given: Any, prefix: str) -> dict[str, np.ndarray]:
    where = f"{prefix}images: "
    if isinstance(given, np.ndarray) or _is_tensor(given):
        return {f"{prefix}images": _array(given, where)}
    if not (hasattr(given, "__len__") and hasattr(given, "__getitem__")):
        raise OverganError(
            f"{where}a {type(given).__name__}; an array, a tensor, a data set with a length, or a pair is needed"
        )
    pairs = [_item(given[i], f"{where}{i}: ") for i in range(len(given))]
    if not pairs:
        raise OverganError(f"{where}there are none")
    images, labels = [image for image, _ in pairs], [label for _, label in pairs]
    for i, image in enumerate(images):
        if image.shape[:2] != images[0].shape[:2]:
            sizes = [f"{shape[1]} × {shape[0]}" for shape in (image.shape, images[0].shape)]
            raise OverganError(f"{where}{i} has {sizes[0]} pixels but 0 has {sizes[1]}; bring all images to one size")
    channels = max(image.shape[2] for image in images)
    arrays = {f"{prefix}images": np.stack([np.broadcast_to(i, (*i.shape[:2], channels)) for i in images])}
    if None not in labels:
        arrays[f"{prefix}labels"] = np.array(labels, np.int64)
    return arrays


def _item(item: Any, where: str) -> tuple[np.ndarray, int | None]:
    """An image (height, width, channels), and its label, if it has one."""
    image, label = (item[0], item[1] if len(item) > 1 else None) if isinstance(item, tuple | list) else (item, None)
    if isinstance(image, Image.Image):
        if image.mode.startswith(("I", "F")):
            raise OverganError(f"{where}more than 8 bits a channel; convert it to 8 bits")
        array = AS_IT_IS.array(image)
    elif isinstance(image, np.ndarray) or _is_tensor(image):
        array = _array(image[None], where)[0]
    else:
        raise OverganError(f"{where}a {type(image).__name__}; a picture, a tensor or an array is needed")
    return array, _whole(label)


def _array(given: Any, where: str) -> np.ndarray:
    if not _is_tensor(given):
        return as_images(given, where)
    array: np.ndarray = given.detach().cpu().numpy()
    return as_images(array.transpose(0, 2, 3, 1) if array.ndim == 4 and array.shape[1] in (1, 3) else array, where)


def _whole(label: Any) -> int | None:
    """The whole number that a label is; None if it is something else."""
    try:
        return int(label) if int(label) == label else None
    except (TypeError, ValueError, RuntimeError):  # of None, a word, a tensor of several
        return None


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach")  # without importing PyTorch
