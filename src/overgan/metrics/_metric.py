"""A metric as one record: what it needs, what it computes, and what tables call the result."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from overgan.data import size_in_words
from overgan.errors import OverganError
from overgan.metrics._sample import Progress, Sample
from overgan.metrics.nnd._config import NNDConfig
from overgan.words import number, span

Side = Literal["train", "test"]
# of keys that belong to a number: its standard error, the draws that this comes from, its interval
ENDS = ("_error", "_draws", "_low", "_high")
SIDES: dict[Side, str] = {"train": "training", "test": "held-out"}  # the real images, and what messages call them


class Estimate(NamedTuple):
    """A value and its standard error over draws of the images."""

    value: float
    error: float


Values = Mapping[str, float | Estimate]  # by key


@dataclass(frozen=True)
class Column:
    """A number of a metric's: its key in rows, and how tables and plots show it."""

    key: str  # {side} in it stands for train and test, each of which has a number of its own
    label: str
    inception: str = ""  # the label that is Inception's alone, such as FID
    note: str = ""  # for a reader who does not know it
    unit: str = ""
    less_is_better: bool | None = None
    sides: tuple[Side, ...] = ("train", "test")  # the real images it is about: a study's table shows no others
    format: str = ".4g"

    def name(self, inception: bool) -> str:
        """The label with its unit; inception: whether it may be the one that is Inception's alone."""
        name = self.inception if inception and self.inception else self.label
        return f"{name} in {self.unit}" if self.unit else name

    @property
    def keys(self) -> dict[Side, str]:
        """The keys in rows by side, also of a side that a study's table leaves out."""
        sides: Sequence[Side] = list(SIDES) if "{side}" in self.key else self.sides[:1]
        return {side: self.key.format(side=side) for side in sides}

    def text(self, row: Mapping[str, float | str], side: Side) -> str:
        """The number of a row with its error or interval; a dash if the row lacks it, nothing if no row can have it."""
        key = self.keys.get(side, "")
        if key not in row:
            return "–" if "{side}" in self.key else ""
        value = self._shown(row[key])
        if f"{key}_low" in row:
            value += f" ({span(self._shown(row[f'{key}_low']), self._shown(row[f'{key}_high']))})"
        return value + (f" ± {number(float(row[f'{key}_error']), 2)}" if f"{key}_error" in row else "")

    def _shown(self, value: float | str) -> str:
        """A number in the column's format; none with an e, which few readers know."""
        text = format(value, self.format)
        return number(float(value), 4) if "e" in text and self.format.endswith("g") else text


@dataclass(frozen=True)
class Setting:
    """What a metric works with, beside the images or their features."""

    nnd: NNDConfig
    draws: int  # of real images, for frechet_gap
    device: str  # PyTorch's name of what computes
    cache: Path  # folder of what depends on the real images alone, shared by all processes
    checksums: Mapping[str, str]  # of the real images, by side
    folder: Path | None  # takes the state from which an interrupted call goes on
    stopping: Callable[[], bool]  # asked often; when it says yes, the state is written and NNDStopped raised
    progress: Progress


@dataclass(frozen=True)
class Metric:
    """A metric: what it needs, its function, and the columns that the function's numbers stand in.

    function: of the generated and the real samples, the latter by side ("train", "test" or both), and, if it asks for
    settings, a Setting; or, if it needs images, of the generated images, the real ones by side, and a Setting; images
    are arrays, or what is read by [i:j] or [indices] like them; or, if it needs networks, of a run's two networks, as
    overgan.study.gan.networks has them. It returns numbers or Estimates by key; a number with
    an interval has two more, of the key and _low and _high.
    """

    name: str
    function: Callable[..., Values]
    columns: tuple[Column, ...]
    # moments: mean and covariance of the features
    needs: Literal["moments", "features", "images", "networks"] = "features"
    sides: tuple[Side, ...] = ()  # real images that it cannot do without
    least: int = 2  # images on each side
    least_pixels: int = 1  # of the height and of the width of an image
    per_feature: float = 0  # generated images for each dimension of the features, at least
    equally_many: bool = False  # images on every side
    row: str = "images"  # of a metric that needs images or networks: the `features` of its row
    settings: bool = False  # whether the function is given a Setting, too; one of images always is

    def values(self, *compared: object) -> dict[str, float]:
        """What the function finds; an Estimate as two numbers, the second of the key and _error."""
        values = {}
        for key, found in self.function(*compared).items():
            values[key] = found.value if isinstance(found, Estimate) else float(found)
            if isinstance(found, Estimate):
                values[f"{key}_error"] = found.error
        return values

    def heading(self, column: Column, features: str, side: Side | None = None) -> str:
        """What a plot or a study's table calls a column: FID, test, or classifier Fréchet distance, test."""
        name = column.name(inception=features == "inception")
        if features != "inception" and self.needs in ("moments", "features"):
            name = f"{features} {name}"
        return f"{name}, {side}" if side and "{side}" in column.key and len(column.sides) > 1 else name

    def label(self, column: Column, features: str) -> str:
        """What a table with a column for the features calls it: FID and KID only of Inception's."""
        name = column.name(inception=features == "inception")
        return f"{name} ({column.note})" if column.note else name

    def needed(self, dimension: int) -> int:
        """Generated images at least, for features of that dimension."""
        return math.ceil(self.per_feature * dimension)

    def check(self, sides: Sequence[str], samples: int, shape: tuple[int, ...]) -> None:
        """Raise OverganError if images are too few or too small for it, or it needs no images, but networks.

        shape: height, width and channels of an image.
        """
        if self.needs == "networks":
            raise OverganError(
                f"{self.name} needs networks, which only overgan's own tangent_kernel and game are given; "
                "have it need images, features or moments"
            )
        if samples < self.least:
            raise OverganError(
                f"{self.name} needs at least {self.least} images on each side, but there are {samples}; "
                "add images, or leave it out"
            )
        if min(shape[:2]) < (least := self.least_pixels):
            raise OverganError(
                f"{self.name} needs images of at least {least} × {least} pixels, but there are {size_in_words(shape)}; "
                "make them larger, or leave it out"
            )
        if not set(self.sides).issubset(sides):
            needed = " and ".join(SIDES[side] for side in self.sides)
            raise OverganError(f"{self.name} needs {needed} images; add those, or leave it out")


def each_side(compare: Callable[[Sample, Sample], Values]) -> Callable[[Sample, Mapping[str, Sample]], Values]:
    """The function of a metric that compares generated images with each real side alone: its keys end with the side."""

    def function(generated: Sample, real: Mapping[str, Sample]) -> Values:
        found = {side: compare(generated, sample) for side, sample in real.items()}
        return {f"{key}_{side}": value for side, values in found.items() for key, value in values.items()}

    return function
