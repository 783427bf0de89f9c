"""The `data` section of a spec."""

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field

from overgan.data._celeba import celeba
from overgan.data._cifar10 import cifar10
from overgan.data._digits import digits
from overgan.data._folder import folder
from overgan.data._images import ImageSet
from overgan.data._mnist import mnist


class DataConfig(BaseModel):
    """Which images: the set's name, and where it lies."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Literal["digits", "mnist", "cifar10", "celeba", "folder"]
    root: str | None = Field(None, description="folder or tar file; None downloads what can be downloaded")


def load_images(config: DataConfig) -> ImageSet:
    """The images of a spec's data section, in memory. Raises OverganError if they cannot be had."""
    root = Path(config.root).expanduser() if config.root else None
    match config.name:
        case "digits":
            return digits()
        case "mnist":
            return mnist(root, download_to=user_cache_path("overgan") / "mnist")
        case "cifar10":
            return cifar10(root, download_to=user_cache_path("overgan") / "cifar10")
        case "celeba":
            return celeba(root, download_to=user_cache_path("overgan") / "celeba")
        case "folder":
            return folder(root)


def image_shape(config: DataConfig) -> tuple[int, int, int]:
    """Height, width and channels of the images, without reading them where that is known."""
    known = {"digits": (8, 8, 1), "mnist": (28, 28, 1), "cifar10": (32, 32, 3), "celeba": (64, 64, 3)}
    return known.get(config.name) or load_images(config).shape
