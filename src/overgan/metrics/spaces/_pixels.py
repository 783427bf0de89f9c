"""Pixels as they are."""

import numpy as np
from jaxtyping import Float, UInt8

from overgan.metrics.spaces._space import Space


def pixels(images: UInt8[np.ndarray, "images h w c"]) -> Float[np.ndarray, "images features"]:
    """Every value of an image, in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


SPACE = Space(lambda wanted: (pixels, {"dimension": int(np.prod(wanted.shape))}))
