"""Do generated images repeat the training images? Two comparisons with images that were held out."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.stats
from jaxtyping import Float64

from overgan.check import check
from overgan.metrics._metric import Column, Metric
from overgan.metrics._sample import Sample
from overgan.metrics.distances._neighbours import nearest_neighbours
from overgan.metrics.distances._tiles import Points, check_points

CLUSTERED = 10_000  # training points at most that k-means sees
CELLS, CELL = 10, 40  # cells of C_T at most; images that one has on average, at least


@dataclass(frozen=True)
class MemorizedShare:
    """The share of generated images that are nearer to the training set, and the ends of its confidence interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class DataCopying:
    """The statistic C_T, its standard deviation if nothing is copied or missed, and how many cells it comes from."""

    c_t: float
    deviation: float
    cells_used: int
    cells: int


def memorized_share(generated: Points, train: Points, held_out: Points, *, confidence: float = 0.95) -> MemorizedShare:
    """The share of generated images whose nearest neighbour is in the training rather than in the held-out set.

    Points are (points, dimensions), float32 features or uint8 pixels. A tie counts half. 1/2 is expected of a model
    that has learned the distribution, 1 of one that repeats the training set.

    The interval is Clopper and Pearson's exact binomial one; if ties leave half an image over, its lower end is that
    of the count without, its upper end that of the count with one more half. It is the uncertainty from the number of
    generated images; that from the choice of the two sets is not in it.

    Raises ValueError if the sets are empty, not finite, of different dimensions, or train and held_out differ in size.
    """
    check_points(generated=generated, train=train, held_out=held_out)
    if len(train) != len(held_out):
        raise ValueError(
            f"train has {len(train)} rows but held_out has {len(held_out)}; they must be equally many, "
            "because a larger set is nearer: draw a subset of the larger one"
        )
    check(0 < confidence < 1, "confidence", confidence, "between 0 and 1")
    to_train, to_held_out = (nearest_neighbours(generated, points)[0][:, 0] for points in (train, held_out))
    images = len(generated)
    memorized = float((to_train < to_held_out).sum() + (to_train == to_held_out).sum() / 2)
    low, high = (
        scipy.stats.binomtest(whole, images).proportion_ci(confidence, method="exact")
        for whole in (math.floor(memorized), math.ceil(memorized))
    )
    return MemorizedShare(memorized / images, float(low.low), float(high.high))


def data_copying(
    generated: Points, train: Points, held_out: Points, *, cells: int = 10, min_generated: int = 21, seed: int = 0
) -> DataCopying:
    """C_T of Meehan, Chaudhuri and Dasgupta (2020): ≪ 0 if training images are copied, ≫ 0 if the model underfits.

    Points are (points, dimensions), float32 features or uint8 pixels; any number of each. In each cell the distances
    to the cell's nearest training point of the m generated and the n held-out points are compared: U is the number of
    pairs with the generated point farther, ties counted half, and z = (U − mn/2 + 1/2)/σ, σ² = mn (m + n + 1)/12. C_T
    is the mean of z over the cells, weighted by their shares of the held-out points. Cells with fewer than
    min_generated generated points, by default those with at most 20, are left out.

    All this is as in the authors' code (casey-meehan/data-copying), also that σ² is that of values without ties and
    that the correction for continuity is +1/2 whatever U is. That stops at a cell without held-out points, or
    without training points, which is left out here.

    cells: of k-means on the training set (on 10,000 of its points, drawn by the seed, if it has more).

    Raises ValueError if the sets are empty, not finite, of different dimensions, or no cell is left.
    """
    check_points(generated=generated, train=train, held_out=held_out)
    check(1 <= cells <= len(train), "cells", cells, f"from 1 to the number of rows of train, {len(train)}")
    check(min_generated >= 1, "min_generated", min_generated, "at least 1")
    centres = _centres(train, cells, seed)
    cell_of = [nearest_neighbours(points, centres)[1][:, 0] for points in (generated, held_out, train)]
    z, weights = [], []
    for cell in range(cells):
        ours, theirs, known = (
            points[of == cell] for points, of in zip((generated, held_out, train), cell_of, strict=True)
        )
        if len(ours) >= min_generated and len(theirs) > 0 and len(known) > 0:
            z.append(mann_whitney_z(*(nearest_neighbours(points, known)[0][:, 0] for points in (ours, theirs))))
            weights.append(len(theirs))
    if not z:
        raise ValueError(
            f"generated has {len(generated)} rows in {cells} cells, and no cell has min_generated = {min_generated} "
            "of them and a held-out one; fewer cells or more images are needed"
        )
    shares = np.array(weights) / sum(weights)
    return DataCopying(float(shares @ z), float(np.sqrt(shares @ shares)), len(z), cells)


def mann_whitney_z(x: Float64[np.ndarray, " m"], y: Float64[np.ndarray, " n"]) -> float:
    """(U − mn/2 + 1/2)/σ, U being the number of pairs with x > y, ties counted half, and σ² = mn (m + n + 1)/12.

    If all values are of one continuous distribution, mn/2 and σ² are U's mean and variance (Mann and Whitney, 1947).
    """
    m, n = len(x), len(y)
    u = scipy.stats.rankdata(np.concatenate([x, y]))[:m].sum() - m * (m + 1) / 2
    return float((u - m * n / 2 + 0.5) / math.sqrt(m * n * (m + n + 1) / 12))


def _centres(train: Points, cells: int, seed: int) -> Points:
    from sklearn.cluster import KMeans  # here, because it takes a second
    from sklearn.exceptions import ConvergenceWarning

    if len(train) > CLUSTERED:
        train = train[np.random.default_rng(seed).permutation(len(train))[:CLUSTERED]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than cells: some stay empty
        clusters = KMeans(cells, n_init=1, random_state=seed).fit(train.astype(np.float32))
    centres: np.ndarray = clusters.cluster_centers_
    return centres.astype(np.float32)


def _memorization(generated: Sample, real: Mapping[str, Sample]) -> dict[str, float]:
    sets = generated.features, real["train"].features, real["test"].features
    share = memorized_share(*sets)
    values = {"nearer_train": share.share, "nearer_train_low": share.low, "nearer_train_high": share.high}
    try:
        copying = data_copying(*sets, cells=max(1, min(CELLS, len(sets[0]) // CELL)))
    except ValueError:  # all generated images lie where there are no held-out ones: the statistic is not defined
        return values
    return values | {"c_t": copying.c_t}


METRIC = Metric(
    "memorization",
    _memorization,
    (
        Column("nearer_train", "share nearer to training images", sides=("train",), format=".3f"),
        Column("c_t", "C_T", note="far below 0: copies", sides=("train",), format=".3g"),
    ),
    sides=("train", "test"),
    least=20,
    equally_many=True,
)
