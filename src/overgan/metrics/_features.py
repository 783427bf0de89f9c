"""A feature space by its name."""

import re
from functools import partial
from pathlib import Path

from platformdirs import user_cache_path

from overgan.data import ImageSet
from overgan.errors import OverganError
from overgan.metrics._registry import SPACES
from overgan.metrics.spaces._own import own_features
from overgan.metrics.spaces._space import FeatureSpace, Precision, Space, Wanted
from overgan.own import is_own, load_function


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
        return value if isinstance(value, Space) else Space(partial(own_features, name, value))
    kind = canonical(name).partition("-")[0]
    return SPACES[f"{kind}-SEED" if f"{kind}-SEED" in SPACES else kind]


def feature_space(
    name: str,
    images: ImageSet | tuple[int, int, int],
    cache: Path | None = None,
    *,
    weights: str | Path | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
) -> FeatureSpace:
    """The feature space of that name for an image set, or, where no labels are needed, for (height, width, channels).

    name: inception, classifier, random, random-SEED, pixels, or package.module:name of the user's own, a `Space` or a
        function from (height, width, channels) to the embedding.
    cache: folder where networks that had to be trained are kept, by default in the user's cache folder.
    weights, precision: of inception.
    device: PyTorch's name of what computes the features, and trains the classifier.

    Raises OverganError if there is no such space, weights are missing or damaged, the set has no labels and the
    features need them, or a function of the user's cannot be had.
    """
    name = canonical(name)
    space, (kind, _, seed) = space_record(name), name.partition("-")
    known = None if isinstance(images, tuple) else images
    if space.labels and known is None:
        raise OverganError(f"{kind} features need training and held-out images, both with labels; add them")
    wanted = Wanted(
        shape=images if isinstance(images, tuple) else images.shape,
        images=known,
        seed=int(seed or 0),
        cache=cache or user_cache_path("overgan") / "features",
        weights=Path(weights).expanduser() if weights else None,
        precision=precision,
        device=device,
    )
    return FeatureSpace(name, *space.create(wanted), device)
