"""Feature spaces: what images are turned into before distributions of them are compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8
from platformdirs import user_cache_path

from overgan.data import ImageSet
from overgan.metrics._classifier import Embedding, classifier_features

FeatureName = Literal["classifier", "pixels"]


@dataclass(frozen=True)
class FeatureSpace:
    """A name for tables and plots, the embedding, and what a reader must know to trust it."""

    name: str
    embed: Embedding
    facts: dict[str, Any]


def feature_space(name: FeatureName, images: ImageSet, cache: Path | None = None) -> FeatureSpace:
    """The feature space of that name for an image set.

    cache: folder where networks that had to be trained are kept, by default in the user's cache folder.
    Raises OverganError if the set has no labels and the features need them.
    """
    if name == "classifier":
        embed, facts = classifier_features(images, cache or user_cache_path("overgan") / "features")
        return FeatureSpace(name, embed, facts)
    return FeatureSpace(name, pixels, {"dimension": int(np.prod(images.shape))})


def pixels(images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
    """Every value of an image, in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255
