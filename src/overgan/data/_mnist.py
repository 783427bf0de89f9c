"""MNIST from its four published files, gzipped or not; downloaded by torchvision where there is internet."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from overgan.data._download import downloading
from overgan.data._images import DataSet, ImageSet
from overgan.errors import OverganError


def mnist(root: Path | None) -> ImageSet:
    """MNIST: 60,000 training and 10,000 held-out images of 28 × 28 pixels, one channel.

    root: the folder with the four idx files, or one that torchvision's MNIST was downloaded to. Without a root
    they are taken from the user's cache folder, where they are downloaded first if they are not there.

    Raises OverganError if a file is missing or damaged, or the download fails.
    """
    if root is None:
        from torchvision.datasets import MNIST  # here, because it takes more than a second

        with downloading("MNIST", "mnist", "its four files") as root:
            MNIST(str(root), download=True)
    images, labels = [], []
    for part in ("train", "t10k"):
        images.append(_read_idx(root, f"{part}-images-idx3-ubyte", dimensions=3))
        labels.append(_read_idx(root, f"{part}-labels-idx1-ubyte", dimensions=1).astype(np.int64))
        if len(images[-1]) != len(labels[-1]):
            raise OverganError(
                f"{root}: {len(images[-1])} images but {len(labels[-1])} labels in {part}; download MNIST again"
            )
    return ImageSet("mnist", images[0][..., None], images[1][..., None], labels[0], labels[1])


def _read_idx(root: Path, name: str, dimensions: int) -> UInt8[np.ndarray, "..."]:
    folders = [root, root / "MNIST" / "raw"]
    path = next((p for f in folders for p in (f / name, f / f"{name}.gz") if p.is_file()), None)
    if path is None:
        raise OverganError(
            f"data.root: {root} has no file {name} or {name}.gz; name the folder with MNIST's four files"
        )
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise OverganError(f"{path} cannot be read ({error}); download it again") from None
    # idx: 0, 0, type (8 is unsigned bytes), number of dimensions; each dimension as a big-endian int32; the values
    start = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:start], ">i4").tolist() if len(content) >= start else []
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != start + math.prod(shape):
        raise OverganError(f"{path} is not a whole idx file of unsigned bytes; download it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


DATASET = DataSet(mnist, (28, 28, 1), counts=(60_000, 10_000))
