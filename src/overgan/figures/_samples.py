"""Samples of a narrow and of a wide network, cut from the pictures that training left."""

import io
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from overgan.pictures import LINE, WHITE, enlarged
from overgan.report import narrow_and_wide
from overgan.study.gan import GanStudy
from overgan.training import SAMPLES

SIDE = 5  # images in a row, and rows
SMALLEST = 64  # pixels of an image in a file: viewers blur smaller ones
GAPS = 16  # of an image's side, between two


@dataclass(frozen=True)
class Samples:
    """Images of one width, in rows."""

    width: int
    iteration: int
    seeds: int  # of how many they are
    picture: UInt8[np.ndarray, "height width 3"]


def samples(study: GanStudy) -> list[Samples]:
    """The newest samples of a narrow and of a wide network; none if training left no picture of any."""
    found = {width: newest for width in study.spec.widths if (newest := _newest(study, width))}
    return [found[width] for width in narrow_and_wide(found)] if found else []


def _newest(study: GanStudy, width: int) -> Samples | None:
    """Of the last picture that is whole, and made of the study's images."""
    for path, content in reversed(study.pictures(width, SAMPLES).items()):
        images = _cut(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")), study.description.data["shape"])
        if images is not None and path.stem.isdecimal():
            picture, seeds = _grid(images)
            return Samples(width, int(path.stem), seeds, picture)
    return None


def _cut(
    picture: UInt8[np.ndarray, "height width 3"], shape: list[int]
) -> UInt8[np.ndarray, "rows columns h w 3"] | None:
    """The images of a grid with lines between and around them; None if images of that shape do not fit into it."""
    high, wide = shape[0] + LINE, shape[1] + LINE
    rows, columns = ((size - LINE) // of for size, of in zip(picture.shape, (high, wide), strict=False))
    if not rows or not columns or picture.shape[:2] != (rows * high + LINE, columns * wide + LINE):
        return None
    tiles = picture[LINE:, LINE:].reshape(rows, high, columns, wide, 3).swapaxes(1, 2)
    return tiles[:, :, :-LINE, :-LINE]


def _grid(images: UInt8[np.ndarray, "seeds columns h w 3"]) -> tuple[UInt8[np.ndarray, "height width 3"], int]:
    """As many rows as columns, at most SIDE, and of how many seeds they are; of few each has several rows."""
    seeds, each = images.shape[:2]
    side = min(SIDE, math.isqrt(seeds * each))
    many = min(each, -(-side * side // seeds))
    chosen = images[:, :many].reshape(-1, *images.shape[2:])[: side * side]
    large = enlarged(np.ascontiguousarray(chosen), max(1, -(-SMALLEST // min(chosen.shape[1:3]))))
    gap = max(1, large.shape[1] // GAPS)
    tiles = np.pad(large, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=WHITE)
    high, wide = tiles.shape[1:3]
    rows = tiles.reshape(side, side, high, wide, 3).swapaxes(1, 2)  # row, y, column, x
    return rows.reshape(side * high, side * wide, 3)[:-gap, :-gap], -(-side * side // many)
