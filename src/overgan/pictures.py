"""Pictures made of images: PNG files, grids, and generated images beside the nearest training images (Fig. 10).

Of images with two channels, or more than three, they show the first one, or three.
"""

import base64
import io
import math
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

SMALLEST = 32  # pixels
LINE, GAP = 1, 6  # pixels between images, and between the generated ones and their neighbours
WHITE = 255


def neighbour_picture(
    generated: UInt8[np.ndarray, "_ _ _ _"], neighbours: UInt8[np.ndarray, "_ _ _ _ _"]
) -> UInt8[np.ndarray, "height width channels"]:
    """One picture with a row for each generated image: the image, a gap, then its neighbours.

    generated: (rows, h, w, c).
    neighbours: (rows, count, h, w, c), nearest first, as `train[indices]` with `nearest_neighbours`' indices.
    Images of less than 32 pixels are magnified by the smallest whole factor that makes both sides at least 32.

    Raises ValueError if the shapes do not fit together or there is no image.
    """
    rows, *shape = generated.shape
    if generated.size == 0:
        raise ValueError(f"generated has shape {generated.shape}; images (rows, h, w, c) are needed")
    expected = (rows, neighbours.shape[1], *shape)
    if neighbours.shape[1] == 0 or neighbours.shape != expected:
        raise ValueError(f"neighbours has shape {neighbours.shape}; (rows, count, h, w, c) = {expected} is needed")
    times = max(1, math.ceil(SMALLEST / min(shape[:2])))
    line, gap = (((0, 0), (0, 0), (0, LINE), (0, pixels), (0, 0)) for pixels in (LINE, GAP))
    tiles = [
        np.pad(enlarged(_shown(images), times), margin, constant_values=WHITE)
        for images, margin in ((generated[:, None], gap), (neighbours, line))
    ]
    lines = [part.swapaxes(1, 2).reshape(rows, part.shape[2], -1, part.shape[4]) for part in tiles]  # rows, y, x, c
    picture = np.concatenate(lines, axis=2)
    return picture.reshape(-1, *picture.shape[2:])[:-LINE, :-LINE]


def image_grid(rows: UInt8[np.ndarray, "rows columns h w c"]) -> UInt8[np.ndarray, "height width 3"]:
    """The images as one colour picture, a row for each of `rows`, white lines of 1 pixel between and around them."""
    rows = _shown(rows)
    _, columns, _, w, channels = rows.shape
    tiles = np.pad(rows, ((0, 0), (0, 0), (LINE, 0), (LINE, 0), (0, 0)), constant_values=WHITE)
    picture = tiles.swapaxes(1, 2).reshape(-1, columns * (w + LINE), channels)
    return np.pad(picture, ((0, LINE), (0, LINE), (0, 0)), constant_values=WHITE).repeat(3 // channels, axis=2)


def squared(n: int) -> tuple[int, int]:
    """Rows and columns of n images in a grid that is about as wide as it is high, and no higher."""
    columns = math.isqrt(n - 1) + 1
    return -(-n // columns), columns


def square_grid(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "height width 3"]:
    """The images in such a grid, row by row, as `image_grid` draws it; places without an image are white."""
    rows, columns = squared(len(images))
    places = np.full((rows * columns, *images.shape[1:]), WHITE, np.uint8)
    places[: len(images)] = images
    return image_grid(places.reshape(rows, columns, *images.shape[1:]))


def enlarged(images: UInt8[np.ndarray, "*n h w c"], times: int) -> UInt8[np.ndarray, "*n height width c"]:
    """Every pixel as a square of times × times pixels."""
    return images.repeat(times, -3).repeat(times, -2)


def image_png(image: UInt8[np.ndarray, "h w c"]) -> bytes:
    """One image as a PNG."""
    buffer, image = io.BytesIO(), np.ascontiguousarray(_shown(image))
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def _shown(images: UInt8[np.ndarray, "*n h w c"]) -> UInt8[np.ndarray, "*n h w shown"]:
    """Grey images, or colour."""
    return images[..., : 3 if images.shape[-1] >= 3 else 1]


def data_url(content: bytes) -> str:
    """A PNG, WebP or JPEG file as a data URL, for an HTML page that opens offline."""
    kind = "webp" if content[8:12] == b"WEBP" else "jpeg" if content.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def pictures_in(folder: Path, of: Path) -> list[Path]:
    """The PNG files in the folder, by name, that are regular files within the folder `of`: no links to elsewhere."""
    within = of.resolve()
    return [p for p in sorted(folder.glob("*.png")) if p.is_file() and p.resolve().is_relative_to(within)]
