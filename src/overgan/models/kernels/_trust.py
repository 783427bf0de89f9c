"""Whether this processor's compiled convolutions can be trusted, asked once a process."""

import logging
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from overgan.models.kernels._lanes import LANES

TOLERANCE = 1e-5  # of a norm: a hundred times what rounding leaves of sums of a few hundred products


class Compiled(NamedTuple):
    """The compiled convolutions, as `_convolve.py` documents them."""

    convolution: Callable[..., Tensor]
    correlation: Callable[..., Tensor]


@cache
def compiled() -> Compiled | None:
    """The compiled convolutions, once they have given what PyTorch's give; else None, and one line in the log.

    Whatever keeps them from being imported or compiled counts as a failure, not as an error: PyTorch's convolutions,
    several times slower, do the same work.
    """
    try:
        from overgan.models.kernels._convolve import convolution, correlation

        kernels = Compiled(convolution, correlation)
        reason = "" if agree(kernels) else "their results are not those of PyTorch"
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    if reason:
        logging.getLogger(__name__).warning(
            "overgan: the compiled convolutions do not work here (%s); PyTorch's are used, several times slower", reason
        )
        return None
    return kernels


def agree(kernels: Compiled) -> bool:
    """Whether a convolution, its transpose and its weight's gradient are PyTorch's, on one small case."""
    pixels, inputs, outputs, kernel, stride, slope = 8, 3, 5, 5, 2, 0.2
    weight = _waves(1, outputs, inputs, kernel, kernel)
    bias, large = _waves(1, outputs), _waves(1, 1, pixels, pixels, inputs, LANES)
    small = kernels.convolution(large, weight, bias, stride, False, slope)
    # the same by PyTorch, whose images are (LANES, channels, height, width)
    images, padding = _images(large), kernel // 2
    results = functional.leaky_relu(functional.conv2d(images, weight[0], bias[0], stride, padding), slope)
    back = functional.conv_transpose2d(results, weight[0], None, stride, padding, output_padding=1)
    shape = weight[0].shape
    to_weight = conv2d_weight(images, shape, results, stride, padding)  # type: ignore[no-untyped-call] # torch
    pairs = (
        (_images(small), results),
        (_images(kernels.convolution(small, weight, None, stride, True, 1.0)), back),
        (kernels.correlation(large, small, kernel, stride)[0], to_weight),
    )
    return all(bool((mine - theirs).norm() <= TOLERANCE * theirs.norm()) for mine, theirs in pairs)


def _waves(*shape: int) -> Tensor:
    """Numbers without a pattern that a wrong order of axes would keep."""
    numbers = torch.arange(torch.Size(shape).numel(), dtype=torch.float32, device="cpu")
    return (numbers * 1.7).sin().view(shape)


def _images(blocks: Tensor) -> Tensor:
    return blocks[0, 0].permute(3, 2, 0, 1)
