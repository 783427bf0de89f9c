"""A data set in one file: stripes of 8 × 8 pixels."""

import numpy as np

from overgan.data import DataSet, ImageSet


def load(_root):
    x = np.arange(8)
    stripes = [127.5 * (1 + np.sin(phase + np.add.outer(x * tilt, x))) for phase in range(12) for tilt in range(5)]
    images = np.array(stripes).astype(np.uint8)[..., None]
    return ImageSet("stripes", images[:40], images[40:])


STRIPES = DataSet(load, (8, 8, 1))
