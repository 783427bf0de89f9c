"""Image sets as uint8 arrays in memory, with a training and a held-out part."""

from overgan.data._config import DataConfig, image_shape, load_images
from overgan.data._images import ImageSet

__all__ = ["DataConfig", "ImageSet", "image_shape", "load_images"]
