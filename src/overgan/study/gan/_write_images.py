"""Generated images as PNG files: one each, which can be measured, and all of them in a grid."""

import re
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from overgan.check import check
from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.pictures import enlarged, image_png, square_grid, squared

LARGEST_SCALE = 64
LARGEST_GRID = 2**29  # pixels


def check_sizes(n: int, shape: tuple[int, int, int], scale_up: int) -> None:
    """Raise OverganError if n images cannot be enlarged so much, or would make too large a grid."""
    check(1 <= scale_up <= LARGEST_SCALE, "scale_up", scale_up, f"from 1 to {LARGEST_SCALE}")
    name, value = ("scale_up", scale_up) if scale_up > 1 else ("n", n)
    rows, columns = squared(n)
    height, width = rows * shape[0] * scale_up, columns * shape[1] * scale_up
    check(height * width <= LARGEST_GRID, name, value, f"less: the grid would have {width:,} × {height:,} pixels")


def write_images(images: UInt8[np.ndarray, "n h w c"], scale_up: int, folder: Path, *, ours: bool) -> None:
    """Write 00000.png, 00001.png, … into the folder, and their grid beside it, as FOLDER-grid.png.

    scale_up: how many pixels each becomes, in both directions.
    ours: whether images of an earlier call may be removed from the folder.

    Raises OverganError if it cannot be written, or would keep images of an earlier call, which may be anybody's.
    """
    images = enlarged(images, scale_up)
    try:
        earlier = [path for path in folder.glob("*.png") if re.fullmatch("[0-9]{5,}", path.stem)]
        if not ours and (others := sorted(path.name for path in earlier if int(path.stem) >= len(images))):
            raise OverganError(
                f"{folder} has more images, from {others[0]} on; remove them, or name another folder with {{argument}}",
                "out",
            )
        for path in earlier if ours else []:
            path.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            write_atomic(folder / f"{i:05d}.png", image_png(image))
        write_atomic(folder.with_name(f"{folder.name}-grid.png"), image_png(square_grid(images)))
    except OSError as error:
        raise OverganError(
            f"{folder} cannot be written ({error}); name another folder with {{argument}}", "out"
        ) from None
