"""All feature spaces by name, and the user's own. To add one is to write its file and a line here."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from platformdirs import user_cache_path

from overgan.check import check
from overgan.data import ImageSet
from overgan.errors import OverganError
from overgan.metrics.spaces._space import Embedding, FeatureSpace, Precision, Space, Wanted
from overgan.own import explained, is_own, load_function
from overgan.registry import Registry

SPACES = Registry(
    "features",
    Space,
    {  # those that are drawn from a seed end with -SEED
        "inception": "overgan.metrics.spaces._inception:SPACE",
        "classifier": "overgan.metrics.spaces._classifier:SPACE",
        "random-SEED": "overgan.metrics.spaces._random:SPACE",
        "pixels": "overgan.metrics.spaces._pixels:SPACE",
    },
)


def canonical(name: str) -> str:
    """The name of a feature space as tables have it: random is random-0. Raises OverganError if there is none."""
    kind, _, seed = name.partition("-")
    if f"{kind}-SEED" not in SPACES:
        return SPACES.known(name)
    if name != kind and not re.fullmatch(r"\d{1,9}", seed):
        raise OverganError(f"no features {name}; the seed must be a number of at most 9 digits, as in {kind}-0")
    return f"{kind}-{seed or 0}"


def space_record(name: str) -> Space:
    """How the feature space of that name is made. Raises OverganError if there is none, or the user's is missing."""
    if is_own(name):
        value = load_function(name, "features")
        return value if isinstance(value, Space) else Space(partial(_own_features, name, value))
    kind = canonical(name).partition("-")[0]
    return SPACES[f"{kind}-SEED" if f"{kind}-SEED" in SPACES else kind]


def feature_space(
    name: str,
    images: ImageSet | tuple[int, int, int],
    cache: str | Path | None = None,
    *,
    weights: str | Path | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
    batch: int | None = None,
) -> FeatureSpace:
    """The feature space of that name for an image set, or, where no labels are needed, for (height, width, channels).

    name: inception, classifier, random, random-SEED, pixels, or package.module:name of the user's own, a `Space` or a
        function from (height, width, channels) to the embedding.
    cache: folder where networks that had to be trained are kept, by default in the user's cache folder.
    weights, precision: of inception.
    device: PyTorch's name of what computes the features, and trains the classifier.
    batch: images that are embedded at once, by default as many as suit the space; fewer need less memory.

    Raises OverganError if there is no such space, weights are missing or damaged, the set has no labels and the
    features need them, or a function of the user's cannot be had.
    """
    check(batch is None or batch >= 1, "batch", batch, "at least 1")
    name = canonical(name)
    space, (kind, _, seed) = space_record(name), name.partition("-")
    known = images if isinstance(images, ImageSet) else None
    if space.labels and (known is None or known.train_labels is None or known.test_labels is None):
        raise OverganError(
            f"{known.name if known else 'the image set'} has no labels, which {kind} features need; "
            "sort the images into class sub-folders, or use other features, such as pixels (evaluate.features=[pixels])"
        )
    wanted = Wanted(
        shape=images.shape if isinstance(images, ImageSet) else images,
        images=known,
        seed=int(seed or 0),
        cache=Path(cache) if cache else user_cache_path("overgan") / "features",
        weights=Path(weights).expanduser() if weights else None,
        precision=precision,
        device=device,
        batch=batch,
    )
    return FeatureSpace(name, *space.create(wanted), device, batch)


def _own_features(name: str, factory: Callable[..., Any], wanted: Wanted) -> tuple[Embedding, dict[str, Any]]:
    """What `factory(shape)` returns, a function from uint8 images to features of each, with its results checked."""
    with explained(f"features: {name} fails"):
        function = factory(wanted.shape)

    def embed(batch: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
        with explained(f"features: {name} fails"):
            features = np.asarray(function(batch), np.float32)
        if features.ndim != 2 or len(features) != len(batch) or not np.isfinite(features).all():
            raise OverganError(
                f"features: {name} gives an array {features.shape} for {len(batch)} images; "
                f"finite numbers ({len(batch)}, features) are needed"
            )
        return features

    return embed, {"dimension": embed(np.zeros((2, *wanted.shape), np.uint8)).shape[1]}
