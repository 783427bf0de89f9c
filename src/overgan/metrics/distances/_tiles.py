"""Squared distances between two sets of points in tiles, as one matrix product a tile, with a bound on their error."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64, UInt8

Points = Float[np.ndarray, "_ _"] | UInt8[np.ndarray, "_ _"]  # (points, dimensions); of floats only float32

ROWS, COLUMNS = 2048, 4096
VALUES = 2**23  # of references in a tile, at most: 32 MiB
PAIRS = 2**17  # values, of pairs whose distance is computed exactly, at a time: 1 MB, which stays in the cache
LARGEST = 1e15  # its square, summed over the dimensions, is still a float32
ROUNDOFF = 2.0**-24  # of float32


@dataclass(frozen=True, eq=False)
class Tile:
    """Squared distances of queries[rows] and references[columns], each wrong by at most its row's slack."""

    rows: slice
    columns: slice
    squared: Float32[np.ndarray, "rows columns"]
    slack: Float32[np.ndarray, " rows"]


def tiles(queries: Points, references: Points) -> Iterator[Tile]:
    """Every pair once; the references ascend for each block of queries.

    ‖a − b‖² = ‖a‖² + ‖b‖² − 2a·b in float32, of points that are centred first, so that less cancels. A sum of D
    products in any order is wrong by γ Σ|a_i b_i|, γ = Du/(1 − Du) (Higham, 2002, eq. 3.5), and so the whole by
    γ(‖a‖ + ‖b‖)². The 16 covers the roundings of the centring, the norms and the comparisons, the factor 2 their
    products, and the last term underflow.
    """
    dimensions = queries.shape[1]
    centre = references[:COLUMNS].mean(0, dtype=np.float64).astype(np.float32)
    roundings = (dimensions + 16) * ROUNDOFF
    gamma, underflow = roundings / (1 - 2 * roundings), 4 * dimensions * np.finfo(np.float32).tiny
    columns = max(1, min(COLUMNS, VALUES // dimensions))
    for top in range(0, len(queries), ROWS):
        a = np.subtract(queries[top : top + ROWS], centre, dtype=np.float32)
        norm_a = np.einsum("nd,nd->n", a, a)
        a *= -2  # exact
        for left in range(0, len(references), columns):
            b = np.subtract(references[left : left + columns], centre, dtype=np.float32)
            norm_b = np.einsum("nd,nd->n", b, b)
            squared = a @ b.T
            squared += norm_b
            squared += norm_a[:, None]
            slack = gamma * (np.sqrt(norm_a) + np.sqrt(norm_b.max())) ** 2 + underflow
            yield Tile(slice(top, top + len(a)), slice(left, left + len(b)), squared, slack.astype(np.float32))


def exact_squared(
    queries: Points, references: Points, i: Int64[np.ndarray, " pairs"], j: Int64[np.ndarray, " pairs"]
) -> Float64[np.ndarray, " pairs"]:
    """‖queries[i] − references[j]‖² from the differences in float64: the same bits if the two are exchanged."""
    result = np.empty(len(i))
    step = max(1, PAIRS // queries.shape[1])
    for start in range(0, len(i), step):
        part = slice(start, start + step)
        difference = np.subtract(queries[i[part]], references[j[part]], dtype=np.float64)
        np.einsum("nd,nd->n", difference, difference, out=result[part])
    return result


def check_points(**sets: Points) -> None:
    """Raise ValueError, naming the argument, unless all are finite float32 or uint8 rows of the same dimensions."""
    (first_name, first), *_ = sets.items()
    for name, points in sets.items():
        if points.dtype not in (np.float32, np.uint8):
            raise ValueError(f"{name} has dtype {points.dtype}; float32 features or uint8 pixels are needed")
        if points.size == 0:
            raise ValueError(f"{name} has shape {points.shape}; at least one row and one column are needed")
        if points.shape[1] != first.shape[1]:
            raise ValueError(
                f"{name} has {points.shape[1]} dimensions but {first_name} has {first.shape[1]}; they must be the same"
            )
        for value in (points.min(), points.max()) if points.dtype == np.float32 else ():
            if not abs(float(value)) <= LARGEST:
                raise ValueError(f"{name} has the value {value}; all values must be finite and at most {LARGEST:g}")
