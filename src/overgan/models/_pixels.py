"""Between uint8 images, channels last, and the networks' values in [-1, 1], channels first.

A byte x stands for the value x/127.5 - 1, or, dithered, for all values from x/128 - 1 to (x + 1)/128 - 1.
"""

from jaxtyping import Float, UInt8
from torch import Tensor


def to_network(
    images: UInt8[Tensor, "*batch h w c"], dither: Float[Tensor, "*batch h w c"] | None = None
) -> Float[Tensor, "*batch c h w"]:
    """uint8 0 … 255 as -1 … 1. The result is a channels-last view of memory, which convolutions like.

    dither: where each value is in its byte's interval, from 0 to 1.
    """
    values = images.float() / 127.5 - 1 if dither is None else (images + dither) / 128 - 1
    return values.movedim(-1, -3)


def to_images(values: Float[Tensor, "*batch c h w"], dithered: bool = False) -> UInt8[Tensor, "*batch h w c"]:
    """-1 … 1 as the nearest of 0 … 255, or, dithered, as the one in whose interval it is."""
    levels = ((values + 1) * 128).floor() if dithered else ((values + 1) * 127.5).round()
    return levels.clamp(0, 255).byte().movedim(-3, -1).contiguous()
