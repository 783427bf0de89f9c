"""Student's interval of a mean of a few runs."""

from collections.abc import Sequence

import numpy as np
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float


def student_half(values: Sequence[float] | Float[np.ndarray, " runs"], confidence: float = 0.95) -> float:
    """Half of the length of the interval of the mean that values are drawn around; nan of fewer than two."""
    n = len(values)
    if n < 2:
        return float(np.nan)
    return float(scipy.stats.t.isf((1 - confidence) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
