"""Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from overgan.check import check
from overgan.metrics._metric import Column, Metric, each_side
from overgan.metrics._sample import Sample
from overgan.metrics.distances._neighbours import nearest_neighbours
from overgan.metrics.distances._tiles import Points, Tile, check_points, exact_squared, tiles
from overgan.words import brief


@dataclass(frozen=True, eq=False, repr=False)
class Manifold:
    """Points, each with a ball that reaches to the nearest_k-th nearest of the others; their union is the manifold."""

    points: Points
    radii: Float64[np.ndarray, " points"]
    nearest_k: int

    def __repr__(self) -> str:
        return brief(self, points=self.points.shape, nearest_k=self.nearest_k)


@dataclass(frozen=True)
class PRDC:
    """The four numbers of `prdc`."""

    precision: float
    recall: float
    density: float
    coverage: float


def fit_manifold(points: Points, nearest_k: int = 5) -> Manifold:
    """The manifold of points (points, dimensions): float32 features, or pixels as uint8.

    Raises ValueError if points is not finite or has no more than nearest_k rows.
    """
    check_points(points=points)
    check(nearest_k >= 1, "nearest_k", nearest_k, "at least 1")
    if len(points) <= nearest_k:
        raise ValueError(
            f"points has {len(points)} rows; nearest_k = {nearest_k} needs at least {nearest_k + 1}, "
            "a point and as many others"
        )
    distances, _ = nearest_neighbours(points, points, nearest_k + 1)  # the nearest is the point, or one on top of it
    return Manifold(points, distances[:, -1], nearest_k)


def prdc(real: Manifold, generated: Manifold) -> PRDC:
    """How far the generated and the real images lie in each other's balls.

    precision: the share of generated points in the ball of any real one.
    recall: the share of real points in the ball of any generated one.
    density: the number of real balls that a generated point is in, divided by nearest_k, on average. 1 is expected of
        a fresh sample of the real distribution; it can be more.
    coverage: the share of real balls with a generated point in them.

    A ball contains its surface, d ≤ r, as in Kynkäänniemi et al.'s equation 1 and code; Naeem et al.'s code has d < r,
    which matters only where distances are equal. There too the result is exact: where rounding could decide, the
    distance is computed again as the radius was.

    Raises ValueError if nearest_k or the dimensions differ.
    """
    check_points(real=real.points, generated=generated.points)
    if real.nearest_k != generated.nearest_k:
        raise ValueError(
            f"real has nearest_k = {real.nearest_k} but generated has {generated.nearest_k}; they must be the same"
        )
    balls = np.zeros(len(generated.points), np.int64)  # real ones that a generated point is in
    covered, recalled = np.zeros((2, len(real.points)), np.bool_)
    for tile in tiles(generated.points, real.points):
        in_real = _within(tile, generated, real, real.radii[None, tile.columns])
        balls[tile.rows] += in_real.sum(1)
        covered[tile.columns] |= in_real.any(0)
        recalled[tile.columns] |= _within(tile, generated, real, generated.radii[tile.rows, None]).any(0)
    return PRDC(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / real.nearest_k),
        coverage=float(covered.mean()),
    )


def _within(
    tile: Tile, queries: Manifold, references: Manifold, radii: Float[np.ndarray, "#rows #columns"]
) -> Bool[np.ndarray, "rows columns"]:
    """Whether the pairs of a tile are at most the radius apart."""
    excess = tile.squared - np.square(radii).astype(np.float32)
    within: np.ndarray = excess <= 0
    i, j = np.nonzero(np.abs(excess) <= tile.slack[:, None])
    squared = exact_squared(queries.points, references.points, i + tile.rows.start, j + tile.columns.start)
    within[i, j] = np.sqrt(squared) <= np.broadcast_to(radii, within.shape)[i, j]
    return within


def _compare(generated: Sample, real: Sample) -> dict[str, float]:
    return asdict(prdc(real.once(fit_manifold), generated.once(fit_manifold)))


METRIC = Metric(
    "prdc",
    each_side(_compare),
    tuple(
        Column(f"{name}_{{side}}", name, less_is_better=False, sides=("test",))
        for name in ("precision", "recall", "density", "coverage")
    ),
    least=6,
)
