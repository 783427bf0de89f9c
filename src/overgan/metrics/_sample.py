"""What metrics know of a set of images in a feature space, and the cache of it for real images."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from filelock import FileLock
from jaxtyping import Float, UInt8

from overgan.disk import read_tensors, sha256, write_tensors
from overgan.errors import OverganError
from overgan.metrics._features import FeatureSpace
from overgan.metrics._frechet import Gaussian, GaussianFit

BATCH = 256  # images that are embedded at once
VERSIONS_OF = ("overgan", "torch", "torch-fidelity", "numpy")

Progress = Callable[[str, int, int], None]  # what is done, how many of how many


@runtime_checkable
class Images(Protocol):
    """A uint8 array (images, height, width, channels), or what is read like one."""

    def __len__(self) -> int: ...

    def __getitem__(self, chosen: Any, /) -> Any: ...


@dataclass(frozen=True, eq=False)
class Sample:
    """Mean and covariance of the features, and the features themselves if metrics were asked for that need them."""

    gaussian: Gaussian
    features: Float[np.ndarray, "images features"] | None


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Nothing is shown."""


def describe(
    space: FeatureSpace, images: Images, keep_features: bool, progress: Progress = no_progress, name: str = "images"
) -> Sample:
    """The sample of at least 2 images. In constant memory, unless the features are kept."""
    fit, kept = GaussianFit(), []
    for start in range(0, len(images), BATCH):
        progress(f"{space.name} features of {name}", start, len(images))
        features = space.embed(images[start : start + BATCH])
        fit.add(features)
        if keep_features:
            kept.append(features)
    return Sample(fit.gaussian(), np.concatenate(kept) if kept else None)


def fingerprint(images: Images, progress: Progress = no_progress, name: str = "images") -> str:
    """SHA-256 of shapes and pixels. Every image is read, so this also finds those that cannot be."""
    parts = []
    for start in range(0, len(images), BATCH):
        progress(f"reading {name}", start, len(images))
        batch: UInt8[np.ndarray, "_ _ _ _"] = images[start : start + BATCH]
        parts.append(repr(batch.shape[1:]) + sha256(np.ascontiguousarray(batch).tobytes()))
    return sha256("".join(parts).encode())


def cached(
    space: FeatureSpace,
    images: Images,
    checksum: str,
    keep_features: bool,
    cache: Path,
    progress: Progress = no_progress,
    name: str = "images",
) -> Sample:
    """`describe`, from the folder `cache` if it is there.

    checksum: the images' fingerprint. An entry is used only if the images, their number, the features, their weights
    and the versions of what computes them are the same; a damaged one is computed again. Processes wait for each other.
    """
    subject = [checksum, len(images), space.name, space.facts, {p: version(p) for p in VERSIONS_OF}]
    identity = sha256(json.dumps(subject, sort_keys=True).encode())
    path = cache / f"{identity[:32]}.safetensors"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        found = _read(path, identity)
        if found is None or (keep_features and found.features is None):
            sample = describe(space, images, keep_features, progress, name)
            arrays = dict(zip(("mean", "root"), sample.gaussian, strict=True))
            arrays |= {} if sample.features is None else {"features": sample.features}
            write_tensors(path, {name: torch.from_numpy(array) for name, array in arrays.items()}, identity)
            found = _read(path, identity)  # so that the layout in memory, and with it rounding, is always the same
    assert found is not None  # noqa: S101 - just written
    return found


def _read(path: Path, identity: str) -> Sample | None:
    if not path.exists():
        return None
    try:
        tensors, written, _ = read_tensors(path)
        arrays = {name: tensor.numpy().copy() for name, tensor in tensors.items()}
        return Sample((arrays["mean"], arrays["root"]), arrays.get("features")) if written == identity else None
    except (OverganError, KeyError):
        return None
