"""Images in Parquet files and Hugging Face datasets, read by the library `datasets`, which is an optional extra."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from overgan.data._archives import Entry
from overgan.errors import OverganError

HUB = "hf:"  # before the name of a dataset of the Hugging Face Hub, and its configuration after another colon
SAVED = ("dataset_dict.json", "state.json")  # one is in every folder that `save_to_disk` made
LABELS = ("label", "labels", "class", "target")
UNKNOWN = (None, -1)  # labels that a dataset does not tell


def is_hub(root: Path | str) -> bool:
    """Whether it names a dataset of the Hub, not a path."""
    return str(root).startswith(HUB)


def is_dataset(root: Path) -> bool:
    """Whether the library `datasets` reads it: a dataset of the Hub, Parquet files, or what `save_to_disk` made."""
    if is_hub(root) or (root.is_file() and root.suffix.lower() == ".parquet"):
        return True
    return root.is_dir() and (
        any((root / name).is_file() for name in SAVED)
        or any(next(root.glob(pattern), None) for pattern in ("*.parquet", "*/*.parquet"))
    )


def dataset_files(root: Path) -> list[Entry]:
    """Every image of a dataset, as a file in the folder of its split, and in that of its class.

    Images are the first column of that type, or the one named image or img; classes the first ClassLabel, or else the
    first of LABELS that holds plain values, if no label is missing.

    Raises OverganError if the library is not there, the dataset cannot be had, or has no images.
    """
    splits = _load(root)
    features = next(iter(splits.values())).features
    image = _column(features, "Image", ("image", "img"))
    if image is None:
        raise OverganError(f"{root}: no column of images (columns: {', '.join(features)}); name one image")
    plain = {name: feature for name, feature in features.items() if type(feature).__name__ in ("ClassLabel", "Value")}
    label = _column(plain, "ClassLabel", LABELS)
    labels = {name: split[label][:] for name, split in splits.items()} if label else {}
    values = sorted({value for column in labels.values() for value in column}, key=repr) if labels else []
    known = all(isinstance(value, int | str) and value not in UNKNOWN for value in values)
    values = sorted(values) if known else []
    folder_of = {value: f"{i:0{len(str(len(values)))}d}" for i, value in enumerate(values)}
    return [
        (PurePosixPath(name, *([folder_of[labels[name][i]]] if folder_of else []), f"row {i}"), read)
        for name, split in splits.items()
        for i, read in enumerate(_readers(root, split, image))
    ]


def _load(root: Path) -> Mapping[str, Any]:
    """The splits by name, of which the order is theirs."""
    try:
        import datasets  # an optional extra
    except ImportError:
        raise OverganError(
            f"{root} needs the library datasets; install it with pip install 'overgan[datasets]'"
        ) from None
    silent, verbosity = datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)  # what goes wrong is in the error
    try:
        if is_hub(root):
            name, _, configuration = str(root).removeprefix(HUB).partition(":")
            loaded = datasets.load_dataset(name, configuration or None)
        elif root.is_file():
            loaded = datasets.load_dataset("parquet", data_files=str(root))
        elif any((root / name).is_file() for name in SAVED):
            loaded = datasets.load_from_disk(str(root))
        else:
            loaded = datasets.load_dataset(str(root.resolve()))
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
        mend = "check its name, and that the Hub can be reached" if is_hub(root) else "make or download it again"
        raise OverganError(f"{root} cannot be read by the library datasets ({reason}); {mend}") from None
    finally:
        datasets.logging.set_verbosity(verbosity)
        if not silent:
            datasets.enable_progress_bars()
    return loaded if isinstance(loaded, Mapping) else {"train": loaded}


def _column(features: Mapping[str, Any], kind: str, names: tuple[str, ...]) -> str | None:
    of_kind = [name for name, feature in features.items() if type(feature).__name__ == kind]
    return next((name for name in (*of_kind, *names) if name in features), None)


def _readers(root: Path, split: Any, image: str) -> list[Callable[[], bytes]]:
    import datasets

    try:
        rows = split.select_columns([image]).cast_column(image, datasets.Image(decode=False))
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise OverganError(f"{root}: the column {image} holds no images ({reason}); name the right one image") from None
    return [partial(_read, root, rows, i, image) for i in range(len(rows))]


def _read(root: Path, rows: Any, i: int, image: str) -> bytes:
    content = rows[i][image]
    if content is None:
        raise OverganError(f"{root}: row {i} has no image; remove it")
    found: bytes | None = content["bytes"]
    if found is not None:
        return found
    path = Path(content["path"])
    if not (is_hub(root) or path.resolve().is_relative_to((root if root.is_dir() else root.parent).resolve())):
        raise OverganError(f"{root}: row {i} names {path}, which lies elsewhere; save the images in the dataset")
    return path.read_bytes()
