"""The 1,797 handwritten digits of 8 × 8 pixels that scikit-learn carries."""

import numpy as np

from overgan.data._images import DataSet, ImageSet


def digits() -> ImageSet:
    """scikit-learn's digits: 1,437 training and 360 held-out images, the same share of each class in both."""
    from sklearn.datasets import load_digits  # here, because it takes a second
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., None]  # grey levels 0 … 16
    labels = bunch.target.astype(np.int64)
    train, test = train_test_split(np.arange(len(images)), test_size=360, stratify=labels, random_state=0)
    return ImageSet("digits", images[train], images[test], labels[train], labels[test])


DATASET = DataSet(lambda _: digits(), (8, 8, 1), counts=(1437, 360))
