"""Between uint8 images, channels last, and the networks' values in [-1, 1], channels first."""

from jaxtyping import Float, UInt8
from torch import Tensor


def to_network(images: UInt8[Tensor, "*batch h w c"]) -> Float[Tensor, "*batch c h w"]:
    """uint8 0 … 255 as -1 … 1. The result is a channels-last view of memory, which convolutions like."""
    return (images.float() / 127.5 - 1).movedim(-1, -3)


def to_images(values: Float[Tensor, "*batch c h w"]) -> UInt8[Tensor, "*batch h w c"]:
    """-1 … 1 as the nearest of 0 … 255."""
    return ((values + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1).contiguous()
