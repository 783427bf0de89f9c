"""A metric in one file: how far the means of the features are apart."""

import numpy as np

from overgan.metrics import Column, Metric, each_side


def shift(generated, real):
    return {"shift": float(np.linalg.norm(generated.features.mean(0) - real.features.mean(0)))}


SHIFT = Metric("shift", each_side(shift), (Column("shift_{side}", "shift of means", less_is_better=True),))
