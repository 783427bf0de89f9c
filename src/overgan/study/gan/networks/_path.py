"""The path-angle (Berard et al., ICLR 2020, Section 4): how a vector field meets the straight path to a point."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

STEPS = 10  # on each side
SPACING = 0.02  # of the path's length
LEAST = 5  # steps on each side of the place where the field is smallest

Curve = Float64[np.ndarray, " places"]
Vector = Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class PathAngle:
    """What the cosine of the path-angle does around the place where the field is smallest.

    In a plane with v(θ) = (a + r R)(θ − θ*), where R turns by 90°, a path that passes θ* at a small distance has a
    cosine that steps from −a/|λ| to a/|λ|, |λ|² = a² + r², with a bump of the height |r|/|λ| where it is nearest. So a
    step says that the field attracts (or, downwards, repels), a bump that it rotates.

    alphas, cosines, norms: where on the path, 1 at its end, and the cosine and the field's norm there.
    step: half of the difference over the step, from −1 to 1; nan where the field is smallest at an end of the window.
    bump: how far the mean of the two sides rises or falls towards the middle, at least 0; nan likewise.
    """

    alphas: Curve
    cosines: Curve
    norms: Curve
    step: float
    bump: float


def path_angle(field: Callable[[float], Vector], direction: Vector) -> PathAngle:
    """The path-angle of a field at 0.8 to 1.2 of the way.

    field: v(θ_0 + α (θ_t − θ_0)) at α. direction: θ_t − θ_0, not 0.
    """
    alphas = 1 + SPACING * np.arange(-STEPS, STEPS + 1)
    found = [field(float(alpha)) for alpha in alphas]
    norms = np.array([np.linalg.norm(v) for v in found])
    along = np.array([v @ direction for v in found]) / np.linalg.norm(direction)
    cosines = np.divide(along, norms, out=np.zeros_like(along), where=norms > 0)
    return PathAngle(alphas, cosines, norms, *_shape(cosines, norms))


def _shape(cosines: Curve, norms: Curve) -> tuple[float, float]:
    """The step and the bump."""
    middle = int(np.argmin(norms))
    reach = min(middle, len(norms) - 1 - middle)
    if reach < LEAST or not np.isfinite(norms).all():
        return np.nan, np.nan
    right, left = cosines[middle : middle + reach + 1], cosines[middle - reach : middle + 1][::-1]
    mean = (left + right) / 2
    return float((right[-1] - left[-1]) / 2), float(np.abs(mean - mean[-1]).max())
