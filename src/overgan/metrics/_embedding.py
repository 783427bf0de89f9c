"""What a feature space does with images."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, UInt8

Embedding = Callable[[UInt8[np.ndarray, "images h w c"]], Float[np.ndarray, "images features"]]
