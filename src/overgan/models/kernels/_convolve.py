"""The compiled convolutions of tensors: weights packed, results allocated, the work shared among threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from overgan.models.kernels._direct import TILE, correlate, gather, pack, taps
from overgan.models.kernels._lanes import LANES

Blocks = Float[Tensor, "replicas blocks _ _ _ lanes"]  # …, height, width, channels, lanes


def convolution(x: Blocks, weight: Tensor, bias: Tensor | None, stride: int, transposed: bool, slope: float) -> Blocks:
    """leaky_relu(convolution + bias) of images in blocks, padded by kernel // 2, or of the transposed convolution.

    weight: (replicas, outputs, inputs, kernel, kernel), or, transposed, (replicas, inputs, outputs, kernel, kernel).
    bias: (replicas, outputs), or None for zeros. slope: 1 for no LeakyReLU.
    """
    replicas, small, large, kernel, _ = weight.shape
    inputs, outputs = (small, large) if transposed else (large, small)
    *blocks, pixels, _, _, _ = x.shape
    size = pixels * stride if transposed else pixels // stride
    order, *runs = taps(max(pixels, size), kernel, stride, transposed)
    tiles = -(-outputs // TILE)
    packed = x.new_empty(replicas, tiles, len(order), inputs, TILE)
    pack(_flat(weight), order, transposed, _flat(packed), replicas, outputs, inputs)
    b = x.new_zeros(replicas, outputs) if bias is None else bias
    out = x.new_empty(*blocks, size, size, outputs, LANES)
    filled = functional.pad(b, (0, tiles * TILE - outputs))
    arrays = _flat(x), _flat(packed), _flat(filled), np.float32(slope), _flat(out)
    _share(gather, replicas * blocks[1], *arrays, blocks[1], inputs, outputs, *runs)
    return out


def correlation(large: Blocks, small: Blocks, kernel: int, stride: int) -> Float[Tensor, "replicas _ _ kernel kernel"]:
    """The gradient of a convolution's weight: the sums of small · large over images and pixels, for every tap."""
    replicas, blocks, pixels, _, channels, _ = large.shape
    outputs = small.shape[4]
    tiles, row = -(-outputs // TILE), -(-kernel * channels // LANES) * LANES
    out = large.new_zeros(replicas, kernel, tiles * TILE, row)
    arrays = _flat(large), _flat(small), _flat(out)
    _share(correlate, replicas, *arrays, blocks, pixels, channels, outputs, kernel, stride)
    sums = out[:, :, :outputs, : kernel * channels]
    return sums.reshape(replicas, kernel, outputs, kernel, channels).permute(0, 2, 4, 1, 3)


def _flat(x: Tensor) -> Float[np.ndarray, " numbers"]:
    numbers: Float[np.ndarray, " numbers"] = x.detach().contiguous().view(-1).numpy()
    return numbers


def _share(kernel: Callable[..., None], items: int, *arguments: Any) -> None:
    """kernel(0, items, …), its range shared among the threads."""
    threads = min(torch.get_num_threads(), items)
    if threads == 1:
        kernel(0, items, *arguments)
    else:
        bounds = pairwise(items * i // threads for i in range(threads + 1))
        list(_pool(threads).map(lambda ends: kernel(*ends, *arguments), bounds))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)
