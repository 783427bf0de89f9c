"""Image sets as uint8 arrays in memory, with a training and a held-out part; and images wherever a user has them."""

from overgan.data._config import DATASETS, DataConfig, image_shape, load_images
from overgan.data._files import ImageFiles, class_labels
from overgan.data._images import DataSet, ImageSet, size_in_words
from overgan.data._source import Source, Subset, open_images

__all__ = [
    "DATASETS",
    "DataConfig",
    "DataSet",
    "ImageFiles",
    "ImageSet",
    "Source",
    "Subset",
    "class_labels",
    "image_shape",
    "load_images",
    "open_images",
    "size_in_words",
]
