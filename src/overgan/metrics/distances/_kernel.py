"""The kernel distance, KID in Inception's features (Bińkowski et al., 2018), by torch-fidelity."""

import math

import numpy as np
import torch
from jaxtyping import Float

from overgan.metrics._metric import Column, Estimate, Metric, each_side

SUBSETS, SUBSET_SIZE = 100, 1000  # torch-fidelity's defaults
PROJECTED = 2000  # images of a side that the standard error is computed from, at most


def kernel_distance(generated: Float[np.ndarray, "n features"], real: Float[np.ndarray, "m features"]) -> Estimate:
    """The unbiased squared maximum mean discrepancy of the kernel (x·y/features + 1)³.

    As in torch-fidelity it is the mean over 100 random subsets of m = 1,000 images a side, or of all if there are
    fewer, so it equals torch-fidelity's to the last digits. To first order its variance over draws of n images a side
    is 4 (ζ_x + ζ_y) (1/n + (1/m − 1/n)/100), ζ_x being the variance over x of E k(x, x') − E k(x, y) (Hoeffding, 1948).
    Where both sides have the same distribution ζ is nearly 0, and so is the error: the second order is left out.

    Raises ValueError if a side has fewer than 2 images.
    """
    # imported here, because it takes seconds
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    n = min(len(generated), len(real))
    if n < 2:
        raise ValueError(f"{n} images on a side; at least 2 are needed")
    size = min(SUBSET_SIZE, n)
    whole = size == len(generated) == len(real)  # every subset is all images
    found = kid_features_to_metric(
        torch.from_numpy(generated),
        torch.from_numpy(real),
        kid_subsets=1 if whole else SUBSETS,
        kid_subset_size=size,
        verbose=False,
    )
    random = np.random.default_rng(0)
    x, y = (side[random.permutation(len(side))[:PROJECTED]] for side in (generated, real))
    variance = _projected_variance(x, y) + _projected_variance(y, x)
    return Estimate(found[KEY_METRIC_KID_MEAN], 2 * math.sqrt(variance * (1 / n + (1 / size - 1 / n) / SUBSETS)))


def _projected_variance(x: Float[np.ndarray, "images features"], y: Float[np.ndarray, "others features"]) -> float:
    """Over x, of E k(x, x') − E k(x, y)."""
    from sklearn.metrics.pairwise import polynomial_kernel  # here, because it takes a second

    same = polynomial_kernel(x, x, coef0=1)  # gamma is 1/features
    np.fill_diagonal(same, 0)
    return float((same.sum(1) / (len(x) - 1) - polynomial_kernel(x, y, coef0=1).mean(1)).var())


METRIC = Metric(
    "kernel",
    each_side(lambda generated, real: {"kernel": kernel_distance(generated.features, real.features)}),
    (Column("kernel_{side}", "kernel distance", "KID", less_is_better=True),),
)
