"""The samples of all widths at some of the evaluations, in so few bytes that a page can hold them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from overgan.pictures import data_url

MOST_BYTES = 2_200_000  # of all pictures; a third more in the page
MOST, FEW = 40, 12  # iterations of the slider; if the files as they are allow fewer than FEW, they are made smaller
QUALITY = 85  # of WebP, in which no loss is seen at the size of a page
WIDEST = 1000  # pixels, about as many as a page shows
FINE = 400  # pixels: a narrower picture is magnified, which shows its pixels


@dataclass(frozen=True)
class Grid:
    """One width's pictures, each a grid of samples: by iteration, the earliest first, as data URLs."""

    width: int
    pictures: Mapping[int, str]
    size: tuple[int, int]  # pixels, of the newest one

    @property
    def newest(self) -> str:
        """The newest picture."""
        return list(self.pictures.values())[-1]

    @property
    def fine(self) -> bool:
        """Whether it is so small that its pixels are seen."""
        return self.size[0] < FINE

    @property
    def frames(self) -> list[tuple[int, str | None]]:
        """For the page's script, which finds the newest picture in the page."""
        *before, last = self.pictures.items()
        return [*before, (last[0], None)]


@dataclass(frozen=True)
class Samples:
    """The grids of all widths that have one, the narrowest first."""

    grids: Sequence[Grid]
    evaluations: int  # of which pictures are kept, all in all

    @property
    def iterations(self) -> list[int]:
        """Those that are shown, of any width."""
        return sorted({iteration for grid in self.grids for iteration in grid.pictures})


def samples(pictures: Mapping[int, Mapping[int, bytes]]) -> Samples:
    """As many evenly spaced iterations as the page has room for, the first and the newest of every width among them.

    pictures: PNG files by iteration, by width. Where the files themselves leave room for few iterations alone, they are
        made smaller, by a loss that is not seen.
    """
    kept = {width: dict(sorted(of.items())) for width, of in pictures.items() if of}
    every = sorted({iteration for of in kept.values() for iteration in of})
    looked_at = [[png for i, png in of.items() if i in _evenly(list(of), 3)] for of in kept.values()]
    count = _room([max(map(len, some)) for some in looked_at], len(every))
    smaller = count < min(FEW, len(every))
    if smaller:
        count = _room([max(len(_smaller(png)) for png in some) for some in looked_at], len(every))
    chosen = _evenly(every, count)
    grids = []
    for width, of in kept.items():
        shown = {i: png for i, png in of.items() if i in chosen or i == max(of)}
        files = {i: _smaller(png) if smaller else png for i, png in shown.items()}
        grids.append(Grid(width, {i: data_url(content) for i, content in files.items()}, _size(of[max(of)])))
    return Samples(grids, len(every))


def smaller_url(png: bytes, most: int) -> str:
    """A picture as a data URL; made smaller, by a loss that is not seen, if the file has more than `most` bytes."""
    return data_url(png if len(png) <= most else _smaller(png))


def _room(sizes: Sequence[int], count: int) -> int:
    """For how many iterations, two at least, there is room, by the bytes of a picture of each width."""
    return min(count, MOST, max(2, MOST_BYTES // max(1, sum(sizes))))


def _evenly(iterations: Sequence[int], count: int) -> set[int]:
    """So many of them, the first and the last included."""
    if count == 0:
        return set()
    return {iterations[round(at)] for at in np.linspace(0, len(iterations) - 1, count)}


def _smaller(png: bytes) -> bytes:
    """The picture as WebP, or as JPEG where Pillow has none; as it is if that is smaller, or it cannot be read."""
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(png)) as image:
            colours = image.convert("RGB")
        colours.thumbnail((WIDEST, WIDEST))
        if features.check("webp"):
            colours.save(buffer, "WEBP", quality=QUALITY, method=2)
        else:
            colours.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    except (UnidentifiedImageError, OSError):
        return png
    return min(buffer.getvalue(), png, key=len)


def _size(png: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(png)) as image:
            return image.size
    except (UnidentifiedImageError, OSError):
        return (FINE, FINE)
