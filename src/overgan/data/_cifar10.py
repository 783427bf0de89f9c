"""CIFAR-10, read and downloaded by torchvision."""

from pathlib import Path

import numpy as np

from overgan.data._download import downloading
from overgan.data._images import DataSet, ImageSet
from overgan.errors import OverganError


def cifar10(root: Path | None) -> ImageSet:
    """CIFAR-10: 50,000 training and 10,000 held-out colour images of 32 × 32 pixels, 10 classes.

    root: the folder that holds cifar-10-batches-py, as published. Without a root it is taken from the user's cache,
    where it is downloaded first if it is not there.

    Raises OverganError if the files are missing or not the published ones (torchvision compares their MD5 before it
    reads them), or the download fails.
    """
    from torchvision.datasets import CIFAR10  # here, because it takes more than a second

    if root is None:
        with downloading("CIFAR-10", "cifar10", "cifar-10-batches-py") as root:
            CIFAR10(str(root), train=False, download=True)
    try:
        train, test = (CIFAR10(str(root), train) for train in (True, False))
    except (OSError, RuntimeError):
        raise OverganError(
            f"data.root: {root} holds no published copy of cifar-10-batches-py (files are missing or their checksums "
            "are wrong); for a copy in another form set data.name=folder"
        ) from None
    labels = (np.array(part.targets, np.int64) for part in (train, test))
    return ImageSet("cifar10", train.data, test.data, *labels)


DATASET = DataSet(cifar10, (32, 32, 3), counts=(50_000, 10_000))
