"""Feature spaces: what images are turned into before distributions of them are compared."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from platformdirs import user_cache_path

from overgan.data import ImageSet
from overgan.errors import OverganError, did_you_mean
from overgan.metrics._classifier import classifier_features
from overgan.metrics._embedding import Embedding
from overgan.metrics._inception import Precision, inception_features
from overgan.metrics._random import random_features
from overgan.own import explained, is_own, load_function

NAMES = ("inception", "classifier", "random", "pixels")


@dataclass(frozen=True)
class FeatureSpace:
    """A name for tables and plots, the embedding, and what a reader must know to trust it."""

    name: str
    embed: Embedding
    facts: dict[str, Any]


def canonical(name: str) -> str:
    """The name of a feature space as tables have it: random is random-0. Raises ValueError if there is none."""
    if name == "random":
        return "random-0"
    if name not in NAMES and not re.fullmatch(r"random-\d{1,9}", name) and not is_own(name):
        hint = did_you_mean(name, (*NAMES, "random-SEED", "package.module:function"))
        raise ValueError(f"no features {name}{hint}")
    return name


def feature_space(
    name: str,
    images: ImageSet | tuple[int, int, int],
    cache: Path | None = None,
    *,
    weights: str | Path | None = None,
    precision: Precision = "float32",
) -> FeatureSpace:
    """The feature space of that name for an image set, or, where no labels are needed, for (height, width, channels).

    name: inception, classifier, random, random-SEED, pixels, or package.module:function of the user's own.
    cache: folder where networks that had to be trained are kept, by default in the user's cache folder.
    weights, precision: of inception.

    Raises OverganError if there is no such space, weights are missing or damaged, the set has no labels and the
    features need them, or a function of the user's cannot be had.
    """
    try:
        name = canonical(name)
    except ValueError as error:
        raise OverganError(str(error)) from None
    shape = images if isinstance(images, tuple) else images.shape
    match name.partition("-")[0]:
        case "inception":
            embed, facts = inception_features(Path(weights).expanduser() if weights else None, precision)
        case "classifier":
            if isinstance(images, tuple):
                raise OverganError("classifier features need training and held-out images, both with labels; add them")
            embed, facts = classifier_features(images, cache or user_cache_path("overgan") / "features")
        case "random":
            embed, facts = random_features(int(name.partition("-")[2]), shape[2])
        case "pixels":
            embed, facts = pixels, {"dimension": int(np.prod(shape))}
        case _:
            embed, facts = _own_features(name, shape)
    return FeatureSpace(name, embed, facts)


def pixels(images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
    """Every value of an image, in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _own_features(name: str, shape: tuple[int, int, int]) -> tuple[Embedding, dict[str, Any]]:
    """What the user's function gives for an image's shape: a function from uint8 images to features of each."""
    factory = load_function(name, "features")
    with explained(f"features: {name} fails"):
        function = factory(shape)

    def embed(batch: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
        with explained(f"features: {name} fails"):
            features = np.asarray(function(batch), np.float32)
        if features.ndim != 2 or len(features) != len(batch) or not np.isfinite(features).all():
            raise OverganError(
                f"features: {name} gives an array {features.shape} for {len(batch)} images; "
                f"finite numbers ({len(batch)}, features) are needed"
            )
        return features

    return embed, {"dimension": embed(np.zeros((2, *shape), np.uint8)).shape[1]}
