"""Convolutions with a replica axis.

Between layers images lie as (replicas, blocks, height, width, channels, lanes), a replica's batch in blocks of `lanes`
images. With LANES images a block, on a CPU, convolutions are our own, whose vectors run over the lanes: several times
as fast as a library's for narrow layers. Everywhere else they are one grouped convolution of all replicas.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from overgan.models._linear import ReplicaLinear
from overgan.models._norm import sum_over_images
from overgan.models.kernels._direct import TILE, correlate, gather, pack, taps
from overgan.models.kernels._simd import LANES

Lanes = Float[Tensor, "replicas blocks _ _ _ lanes"]  # …, height, width, channels, lanes


def fold(x: Float[Tensor, "replicas batch c h w"] | Lanes) -> Lanes:
    """The batch into blocks: of LANES images where convolutions are our own, else a single one."""
    if x.ndim == 6:
        return x
    replicas, batch, *image = x.shape
    blocks = batch // LANES if _is_ours(x) and batch % LANES == 0 else 1
    return x.reshape(replicas, blocks, -1, *image).permute(0, 1, 4, 5, 3, 2).contiguous()


def _is_ours(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype == torch.float32


def unfold(x: Lanes) -> Float[Tensor, "replicas batch c h w"]:
    """The blocks into the batch."""
    return x.permute(0, 1, 5, 4, 2, 3).flatten(1, 2)


def scores(linear: ReplicaLinear, x: Lanes) -> Float[Tensor, "replicas batch"]:
    """A linear layer with one output, its inputs in the order channels, height, width."""
    _, _, h, w, c, _ = x.shape
    weight = linear.weight.view(-1, 1, 1, c, h * w).transpose(3, 4).flatten(3)
    return (weight @ x.flatten(2, 4)).flatten(1) + linear.bias.flatten(1)


class _Convolve(torch.autograd.Function):
    """leaky_relu(convolution + bias), or of the transposed convolution; differentiable any number of times.

    The second derivative of LeakyReLU, zero almost everywhere, is left out instead of computed.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, transposed: bool, slope: float
    ) -> Tensor:
        y = _convolution(x, weight, bias, stride, transposed, slope)
        ctx.save_for_backward(x, weight, y if slope < 1 else None)
        ctx.stride, ctx.transposed, ctx.slope, ctx.bias = stride, transposed, slope, bias is not None
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, weight, y = ctx.saved_tensors
        (grad,) = grads
        if y is not None:
            grad = _Mask.apply(grad, y, ctx.slope)
        to_x = to_weight = to_bias = None
        if ctx.needs_input_grad[0]:
            to_x = _Convolve.apply(grad, weight, None, ctx.stride, not ctx.transposed, 1.0)
        if ctx.needs_input_grad[1] and _weights_have_gradients:
            large, small = (grad, x) if ctx.transposed else (x, grad)
            to_weight = _Correlate.apply(large, small, weight.shape[-1], ctx.stride)
            if ctx.bias:
                to_bias = sum_over_images(grad)
        return to_x, to_weight, to_bias, None, None, None


class _Correlate(torch.autograd.Function):
    """The gradient of a convolution with respect to its weight, from its large and its small images."""

    @staticmethod
    def forward(ctx: Any, large: Tensor, small: Tensor, kernel: int, stride: int) -> Tensor:
        ctx.save_for_backward(large, small)
        ctx.stride = stride
        return _correlation(large, small, kernel, stride)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        large, small = ctx.saved_tensors
        (weight,) = grads
        return (
            _Convolve.apply(small, weight, None, ctx.stride, True, 1.0),
            _Convolve.apply(large, weight, None, ctx.stride, False, 1.0),
            None,
            None,
        )


class _Activate(torch.autograd.Function):
    """LeakyReLU without a second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        y = functional.leaky_relu(x, slope)
        ctx.save_for_backward(y)
        ctx.slope = slope
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return _Mask.apply(*grads, *ctx.saved_tensors, ctx.slope), None


class _Mask(torch.autograd.Function):
    """grad where y > 0, slope · grad elsewhere."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, y: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(y)
        ctx.slope = slope
        masked: Tensor = torch.ops.aten.leaky_relu_backward(grad, y, slope, True)
        return masked

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return _Mask.apply(*grads, *ctx.saved_tensors, ctx.slope), None, None


_weights_have_gradients = True


@contextmanager
def input_gradients_only() -> Iterator[None]:
    """Leave out the gradients of convolutions' weights, which a Function cannot know that nobody asked for."""
    global _weights_have_gradients
    _weights_have_gradients = False
    try:
        yield
    finally:
        _weights_have_gradients = True


def leaky_relu(x: Tensor, slope: float) -> Tensor:
    """LeakyReLU, whose second derivative, zero almost everywhere, is left out instead of computed."""
    y: Tensor = _Activate.apply(x, slope)
    return y


def _convolution(x: Lanes, weight: Tensor, bias: Tensor | None, stride: int, transposed: bool, slope: float) -> Lanes:
    replicas, small, large, kernel, _ = weight.shape
    inputs, outputs = (small, large) if transposed else (large, small)
    *blocks, pixels, _, _, _ = x.shape
    size = pixels * stride if transposed else pixels // stride
    order, *runs = taps(max(pixels, size), kernel, stride, transposed)
    tiles = -(-outputs // TILE)
    packed = torch.empty(replicas, tiles, len(order), inputs, TILE)
    pack(_flat(weight), order, transposed, _flat(packed), replicas, outputs, inputs)
    b = torch.zeros(replicas, outputs) if bias is None else bias
    out = torch.empty(*blocks, size, size, outputs, LANES)
    filled = functional.pad(b, (0, tiles * TILE - outputs))
    arrays = _flat(x), _flat(packed), _flat(filled), np.float32(slope), _flat(out)
    _share(gather, replicas * blocks[1], *arrays, blocks[1], inputs, outputs, *runs)
    return out


def _correlation(large: Lanes, small: Lanes, kernel: int, stride: int) -> Float[Tensor, "replicas _ _ _ _"]:
    replicas, blocks, pixels, _, channels, _ = large.shape
    outputs = small.shape[4]
    tiles, row = -(-outputs // TILE), -(-kernel * channels // LANES) * LANES
    out = torch.zeros(replicas, kernel, tiles * TILE, row)
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


def _grouped(x: Lanes, weight: Tensor, bias: Tensor, stride: int, transposed: bool, slope: float) -> Lanes:
    """The same as `_Convolve`, by PyTorch and for any number of lanes."""
    replicas, padding = len(weight), weight.shape[-1] // 2
    images = x.permute(1, 5, 0, 4, 2, 3).flatten(2, 3).flatten(0, 1)
    folded = images, weight.flatten(0, 1), bias.flatten()
    if transposed:
        y = functional.conv_transpose2d(*folded, stride, padding, output_padding=1, groups=replicas)
    else:
        y = functional.conv2d(*folded, stride, padding, groups=replicas)
    y = y.reshape(x.shape[1], x.shape[5], replicas, -1, *y.shape[2:]).permute(2, 0, 4, 5, 3, 1).contiguous()
    return y if slope == 1 else leaky_relu(y, slope)


class _ReplicaConvolution(nn.Module):
    transposed: bool

    def __init__(self, replicas: int, shape: tuple[int, int], kernel: int, stride: int, slope: float):
        super().__init__()
        self.stride, self.slope = stride, slope
        self.dtype = torch.float32  # of the products
        self.weight = nn.Parameter(torch.empty(replicas, *shape, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(replicas, shape[1 if self.transposed else 0]))

    def initialize(self, streams: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights from its own stream: uniform, as in Gulrajani et al. (2017).

        Their standard deviation is √(4 / (fan_in + fan_out)), strided fans counted for the pixels that they meet.
        """
        _, small, large, kernel, _ = self.weight.shape
        bound = math.sqrt(3) * math.sqrt(4 / (kernel**2 * (large + small / self.stride**2)))
        for replica, stream in zip(self.weight, streams, strict=True):
            nn.init.uniform_(replica, -bound, bound, generator=stream)
        nn.init.zeros_(self.bias)

    def forward(self, x: Lanes) -> Lanes:
        """The convolution and LeakyReLU, replica by replica."""
        if self.dtype == torch.bfloat16:
            rounded = x.to(self.dtype), self.weight.to(self.dtype), self.bias.to(self.dtype)
            return _grouped(*rounded, self.stride, self.transposed, self.slope).float()
        convolve = _Convolve.apply if _is_ours(x) and x.shape[-1] == LANES else _grouped
        y: Tensor = convolve(x, self.weight, self.bias, self.stride, self.transposed, self.slope)
        return y


class ReplicaConv2d(_ReplicaConvolution):
    """One convolution for each replica, padded so that stride 1 keeps the size and stride 2 halves it; LeakyReLU.

    weight: (replicas, outputs, inputs, kernel, kernel); bias: (replicas, outputs), zero. slope: 1 for no LeakyReLU.
    """

    transposed = False

    def __init__(self, replicas: int, inputs: int, outputs: int, kernel: int, stride: int = 1, slope: float = 1.0):
        super().__init__(replicas, (outputs, inputs), kernel, stride, slope)


class ReplicaConvTranspose2d(_ReplicaConvolution):
    """One transposed convolution for each replica, padded so that stride 2 doubles the size.

    weight: (replicas, inputs, outputs, kernel, kernel); bias: (replicas, outputs), zero.
    """

    transposed = True

    def __init__(self, replicas: int, inputs: int, outputs: int, kernel: int):
        super().__init__(replicas, (inputs, outputs), kernel, stride=2, slope=1.0)
