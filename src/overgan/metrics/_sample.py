"""What metrics know of a set of images in a feature space, and the cache of it for real images."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8

from overgan.data import Formed, ImageFiles, Progress as Progress, Subset, no_progress as no_progress
from overgan.disk import SavedTensors, kept_tensors, sha256
from overgan.metrics._gaussian import Gaussian, GaussianFit
from overgan.metrics.spaces._space import FeatureSpace
from overgan.own import is_own
from overgan.words import brief

T = TypeVar("T")
BATCH = 256  # images that are read at once
NOISE = 8  # images that tell one function from another
VERSIONS_OF = ("overgan", "torch", "torch-fidelity", "numpy")

Images = (
    np.ndarray | Formed | ImageFiles | Subset
)  # of uint8 (images, height, width, channels), or what is read like it


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """A set of images in a feature space: what metrics compare."""

    gaussian: Gaussian
    features: Float[np.ndarray, "images features"]  # of no images, if no metric was asked for that needs them
    _made: dict[Any, Any] = field(default_factory=dict, init=False)

    def __repr__(self) -> str:
        return brief(self, features=self.features.shape)

    def once(self, compute: Callable[[np.ndarray], T]) -> T:
        """`compute(features)`, or what it was when it was asked for before."""
        if compute not in self._made:
            self._made[compute] = compute(self.features)
        made: T = self._made[compute]
        return made


def describe(space: FeatureSpace, images: Images, keep_features: bool, progress: Progress, name: str) -> Sample:
    """The sample of at least 2 images. In constant memory, unless the features are kept."""
    fit, parts = GaussianFit(), []
    batch = space.batch or BATCH
    for start in range(0, len(images), batch):
        progress(f"{space.name} features of {name}", start, len(images))
        features = space.embed(np.array(images[start : start + batch]))  # a copy, which any function may write to
        fit.add(features)
        parts.append(features if keep_features else features[:0].copy())  # a view would hold the rest
    return Sample(fit.gaussian(), np.concatenate(parts))


def fingerprint(images: Images, progress: Progress = no_progress, name: str = "images") -> str:
    """SHA-256 of shapes and pixels. Every image is read, so this also finds those that cannot be."""
    parts = []
    for start in range(0, len(images), BATCH):
        progress(f"reading {name}", start, len(images))
        batch: UInt8[np.ndarray, "_ _ _ _"] = images[start : start + BATCH]
        parts.append(repr(batch.shape[1:]) + sha256(np.ascontiguousarray(batch).tobytes()))
    return sha256("".join(parts).encode())


def cached(
    space: FeatureSpace, images: Images, checksum: str, keep_features: bool, cache: Path, progress: Progress, name: str
) -> Sample:
    """`describe`, from the folder `cache` if it is there.

    checksum: the images' fingerprint. An entry is used only if the images, their number, the features, their weights,
    and the device and versions of what computes them are the same, and of features of the user's own what they give for
    a few images of noise; a damaged one is computed again. Processes wait for each other.
    """
    subject = [checksum, len(images), space.name, space.facts, {p: version(p) for p in VERSIONS_OF}]
    if space.device != "cpu":  # which rounds otherwise
        subject.append(space.device.partition(":")[0])
    if is_own(space.name):  # whose code may change
        subject.append(sha256(space.embed(_noise(images[:1].shape[1:])).tobytes()))
    identity = sha256(json.dumps(subject, sort_keys=True).encode())

    def compute() -> tuple[dict[str, torch.Tensor], str]:
        sample = describe(space, images, keep_features, progress, name)
        arrays = dict(zip(("mean", "root"), sample.gaussian, strict=True))
        arrays |= {"features": sample.features} if keep_features else {}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}, identity

    def fits(saved: SavedTensors) -> bool:
        return saved.identity == identity and ("features" in saved.tensors or not keep_features)

    tensors = kept_tensors(cache / f"{identity[:32]}.safetensors", compute, fits).tensors
    arrays = {name: tensor.numpy().copy() for name, tensor in tensors.items()}
    return Sample((arrays["mean"], arrays["root"]), arrays.get("features", np.empty((0, len(arrays["mean"])))))


def _noise(shape: tuple[int, int, int]) -> UInt8[np.ndarray, "_ _ _ _"]:
    """The same images of noise whenever it is called, each darker than the one before."""
    noise = np.random.default_rng(0).integers(256, size=(NOISE, *shape), dtype=np.uint8)
    return noise // np.arange(1, NOISE + 1, dtype=np.uint8)[:, None, None, None]
