"""Convolutions with a replica axis: our own on a CPU with whole blocks of images, else one grouped convolution."""

import math
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from overgan.models.kernels import LANES, Compiled, compiled
from overgan.models.layers._blocks import Lanes, is_ours
from overgan.models.layers._gradients import weights_wanted
from overgan.models.layers._leaky_relu import leaky_relu, mask
from overgan.models.layers._norm import sum_over_images
from overgan.models.layers._weighted import Weighted


def _kernels() -> Compiled:
    return cast(Compiled, compiled())  # there are some: `is_ours` asked


class _Convolve(torch.autograd.Function):
    """leaky_relu(convolution + bias), or of the transposed convolution; differentiable any number of times.

    The second derivative of LeakyReLU, zero almost everywhere, is left out instead of computed.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, transposed: bool, slope: float
    ) -> Tensor:
        y = _kernels().convolution(x, weight, bias, stride, transposed, slope)
        ctx.save_for_backward(x, weight, y if slope < 1 else None)
        ctx.stride, ctx.transposed, ctx.slope, ctx.bias = stride, transposed, slope, bias is not None
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, weight, y = ctx.saved_tensors
        (grad,) = grads
        if y is not None:
            grad = mask(grad, y, ctx.slope)
        to_x = to_weight = to_bias = None
        if ctx.needs_input_grad[0]:
            to_x = _Convolve.apply(grad, weight, None, ctx.stride, not ctx.transposed, 1.0)
        if ctx.needs_input_grad[1] and weights_wanted():
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
        return _kernels().correlation(large, small, kernel, stride)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        large, small = ctx.saved_tensors
        (weight,) = grads
        to_large = _Convolve.apply(small, weight, None, ctx.stride, True, 1.0)
        to_small = _Convolve.apply(large, weight, None, ctx.stride, False, 1.0)
        return to_large, to_small, None, None


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


class ReplicaConv2d(Weighted):
    """One convolution, or transposed convolution, and LeakyReLU for each replica.

    It is padded so that stride 1 keeps the size, stride 2 halves it, and stride 2, transposed, doubles it.

    weight: (replicas, outputs, inputs, kernel, kernel), or, transposed, (replicas, inputs, outputs, kernel, kernel),
    with a deviation of √(4 / (fan_in + fan_out)), or, glorot, √(2 / (fan_in + fan_out)), strided fans counted for the
    pixels that they meet (Gulrajani et al., 2017). bias: (replicas, outputs), zero. slope: 1 for no LeakyReLU.
    """

    def __init__(
        self,
        replicas: int,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        slope: float = 1.0,
        transposed: bool = False,
        glorot: bool = False,
    ):
        small, large = (inputs, outputs) if transposed else (outputs, inputs)
        deviation = math.sqrt((2 if glorot else 4) / (kernel**2 * (large + small / stride**2)))
        super().__init__((replicas, small, large, kernel, kernel), (replicas, outputs), deviation)
        self.stride, self.slope, self.transposed = stride, slope, transposed

    def forward(self, x: Lanes) -> Lanes:
        """The convolution and LeakyReLU, replica by replica."""
        if self.dtype == torch.bfloat16:
            rounded = x.to(self.dtype), self.weight.to(self.dtype), self.bias.to(self.dtype)
            return _grouped(*rounded, self.stride, self.transposed, self.slope).float()
        convolve = _Convolve.apply if x.shape[-1] == LANES and is_ours(x) else _grouped
        y: Tensor = convolve(x, self.weight, self.bias, self.stride, self.transposed, self.slope)
        return y
