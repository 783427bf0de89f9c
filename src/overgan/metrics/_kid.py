"""The kernel distance, KID in Inception's features (Bińkowski et al., 2018), by torch-fidelity."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from numpy import ndarray

SUBSETS, SUBSET_SIZE = 100, 1000  # torch-fidelity's defaults


class Estimate(NamedTuple):
    """A value and its standard error over draws of the images."""

    value: float
    error: float


def kernel_distance(
    generated: Float[ndarray, "generated features"], real: Float[ndarray, "real features"]
) -> Estimate:
    """The unbiased squared maximum mean discrepancy of the kernel (x·y/features + 1)³.

    As in torch-fidelity it is the mean over 100 random subsets of 1,000 images a side, or of all if there are fewer,
    so it equals torch-fidelity's to the last digits. Its variance over draws of the images falls as 1/n, so that the
    subsets' deviation s gives the standard error s √(1/100 + size/n), n being the smaller side. Where both sides have
    the same distribution the variance falls faster, and the error errs on the high side.

    Raises ValueError if a side has fewer than 2 images.
    """
    # imported here, because it takes seconds
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

    n = min(len(generated), len(real))
    if n < 2:
        raise ValueError(f"{n} images on a side; at least 2 are needed")
    size = min(SUBSET_SIZE, n)
    found = kid_features_to_metric(
        torch.from_numpy(generated),
        torch.from_numpy(real),
        kid_subsets=SUBSETS,
        kid_subset_size=size,
        verbose=False,
    )
    spread = found[KEY_METRIC_KID_STD]
    return Estimate(found[KEY_METRIC_KID_MEAN], spread * math.sqrt(1 / SUBSETS + size / n))
