"""Exact nearest neighbours of any number of points, in constant memory beside them."""

import numpy as np
from jaxtyping import Float64, Int64

from overgan.check import check
from overgan.metrics.distances._tiles import Points, check_points, exact_squared, tiles


def nearest_neighbours(
    queries: Points, references: Points, count: int = 1
) -> tuple[Float64[np.ndarray, "queries count"], Int64[np.ndarray, "queries count"]]:
    """Euclidean distances and indices of the `count` references nearest to each query, nearest first.

    queries, references: (points, dimensions), features as float32 or pixels as uint8, which are converted a block at a
    time. Of references at the same distance the lower index comes first.

    Exact: the float32 products only choose the candidates, all that could be among the nearest within a bound on
    the rounding error, and their distances are computed from the differences in float64. So the distance of an
    identical image is 0.

    Raises ValueError if a set is empty or not finite, the dimensions differ, or count is not from 1 to len(references).
    """
    check_points(queries=queries, references=references)
    most = len(references)
    check(1 <= count <= most, "count", count, f"from 1 to the number of references, {most}")
    squared = np.full((len(queries), count), np.inf)
    indices = np.zeros((len(queries), count), np.int64)
    for tile in tiles(queries, references):
        limit = squared[tile.rows, -1]
        if tile.squared.shape[1] >= count:
            limit = np.minimum(limit, np.partition(tile.squared, count - 1)[:, count - 1] + tile.slack)
        i, j = np.nonzero(tile.squared <= (limit + tile.slack).astype(np.float32)[:, None])
        # the first candidates of every row alone, because nothing comes before as many duplicates of the query
        first = np.arange(len(i)) - np.searchsorted(i, i) < count
        i, j = i + tile.rows.start, j + tile.columns.start
        for part in (first, ~first):
            chosen = part & (squared[i, -1] > 0)
            distances = exact_squared(queries, references, i[chosen], j[chosen])
            _keep_nearest(squared, indices, i[chosen], j[chosen], distances)
    return np.sqrt(squared), indices


def _keep_nearest(
    squared: Float64[np.ndarray, "queries count"],
    indices: Int64[np.ndarray, "queries count"],
    i: Int64[np.ndarray, " pairs"],
    j: Int64[np.ndarray, " pairs"],
    distances: Float64[np.ndarray, " pairs"],
) -> None:
    """Merge the references j at squared distances from the queries i into these queries' sorted rows, in place."""
    count = squared.shape[1]
    changed = np.unique(i)
    queries = np.concatenate([np.repeat(changed, count), i])
    distances = np.concatenate([squared[changed].ravel(), distances])
    references = np.concatenate([indices[changed].ravel(), j])
    order = np.lexsort((references, distances, queries))
    best = order[np.searchsorted(queries[order], changed)[:, None] + np.arange(count)]
    squared[changed], indices[changed] = distances[best], references[best]
