"""The `data` section of a spec, and all image sets by name."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from overgan.data._form import Form, Mode
from overgan.data._images import DataSet, ImageSet, brought_to
from overgan.data._progress import Progress, no_progress
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
    """Which images: the set's name, where it lies, and what its images are brought to."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(DATASETS.known)] = Field(
        description="digits, mnist, cifar10, celeba (64 × 64), folder, or package.module:name of your own"
    )
    root: str | None = Field(
        None,
        description="folder, or tar, zip, .npy, .npz or .parquet file, in a YAML file relative to that, or hf:NAME of "
        "the Hugging Face Hub; without it the published sets are downloaded",
    )
    size: int | None = Field(
        None,
        ge=1,
        description="every image is cropped to its middle square and resized to this many pixels, with antialiasing",
    )
    mode: Mode | None = Field(None, description="grey or colour, to which every image is converted")
    dither: bool = Field(
        False, description="real images in training are x/128 - 1 + U(0, 1/128) instead of x/127.5 - 1"
    )

    @property
    def form(self) -> Form:
        """What every image is brought to."""
        return Form(self.size, self.mode)


def load_images(config: DataConfig, progress: Progress = no_progress) -> ImageSet:
    """The images of a spec's data section. Raises OverganError if they cannot be had.

    progress: called while files of images are decoded, which are then kept in the user's cache folder.
    """
    data, form, root = DATASETS[config.name], config.form, Path(config.root).expanduser() if config.root else None
    with explained(f"data.name: {config.name} fails") if is_own(config.name) else nullcontext():
        images = data.formed(root, form, progress) if data.formed else data.load(root)
    if not isinstance(images, ImageSet):
        raise OverganError(f"data.name: {config.name} gives a {type(images).__name__}; an ImageSet is needed")
    return images if data.formed else brought_to(form, images)


def image_counts(config: DataConfig) -> tuple[int, int]:
    """How many images there are to train on, and held out, without reading them where that is known."""
    known = DATASETS[config.name].counts
    if known:
        return known
    images = load_images(config)
    return len(images.train), len(images.test)


def image_shape(config: DataConfig) -> tuple[int, int, int]:
    """Height, width and channels of the images, without reading them where that is known."""
    known = DATASETS[config.name].shape
    return config.form.shape(known) if known else load_images(config).shape
