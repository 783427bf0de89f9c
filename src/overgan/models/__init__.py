"""Generators and critics, parameterized by width and by replicas; their parts are in `layers` and `nets`."""

from overgan.models._build import build, networks
from overgan.models._pixels import to_images, to_network
from overgan.models._sizes import parameter_counts, sizes
from overgan.models._spec import ModelConfig
from overgan.models.nets import Images, Networks, Part

__all__ = [
    "Images",
    "ModelConfig",
    "Networks",
    "Part",
    "build",
    "networks",
    "parameter_counts",
    "sizes",
    "to_images",
    "to_network",
]
