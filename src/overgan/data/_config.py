"""The `data` section of a spec, and all image sets by name."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from overgan.data._images import DataSet, ImageSet
from overgan.errors import OverganError
from overgan.own import explained, is_own
from overgan.registry import Registry

DATASETS = Registry(
    "data set",
    DataSet,
    {
        "digits": "overgan.data._digits:DATASET",
        "mnist": "overgan.data._mnist:DATASET",
        "cifar10": "overgan.data._cifar10:DATASET",
        "celeba": "overgan.data._celeba:DATASET",
        "folder": "overgan.data._folder:DATASET",
    },
)


class DataConfig(BaseModel):
    """Which images: the set's name, and where it lies."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(DATASETS.known)] = Field(
        description="digits, mnist, cifar10, celeba (64 × 64), folder, or package.module:name of your own"
    )
    root: str | None = Field(None, description="folder or tar file; without it the published sets are downloaded")
    dither: bool = Field(
        False, description="real images in training are x/128 - 1 + U(0, 1/128) instead of x/127.5 - 1"
    )


def load_images(config: DataConfig) -> ImageSet:
    """The images of a spec's data section, in memory. Raises OverganError if they cannot be had."""
    load, root = DATASETS[config.name].load, Path(config.root).expanduser() if config.root else None
    if not is_own(config.name):
        return load(root)
    with explained(f"data.name: {config.name} fails"):
        images = load(root)
    if not isinstance(images, ImageSet):
        raise OverganError(f"data.name: {config.name} gives a {type(images).__name__}; an ImageSet is needed")
    return images


def image_shape(config: DataConfig) -> tuple[int, int, int]:
    """Height, width and channels of the images, without reading them where that is known."""
    return DATASETS[config.name].shape or load_images(config).shape
