"""Features that a function of the user's computes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from overgan.errors import OverganError
from overgan.metrics.spaces._space import Embedding, Wanted
from overgan.own import explained


def own_features(name: str, factory: Callable[..., Any], wanted: Wanted) -> tuple[Embedding, dict[str, Any]]:
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
