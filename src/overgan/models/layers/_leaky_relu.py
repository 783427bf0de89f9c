"""LeakyReLU, whose second derivative, zero almost everywhere, is left out instead of computed."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def leaky_relu(x: Tensor, slope: float) -> Tensor:
    """The greater of x and slope · x, differentiable any number of times, for a slope of at most 1."""
    y: Tensor = _Activate.apply(x, slope)
    return y


def mask(grad: Tensor, y: Tensor, slope: float) -> Tensor:
    """The gradient of LeakyReLU with the result y: grad where y > 0, slope · grad elsewhere."""
    masked: Tensor = _Mask.apply(grad, y, slope)
    return masked


class _Activate(torch.autograd.Function):
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
    @staticmethod
    def forward(ctx: Any, grad: Tensor, y: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(y)
        ctx.slope = slope
        masked: Tensor = torch.ops.aten.leaky_relu_backward(grad, y, slope, True)
        return masked

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return _Mask.apply(*grads, *ctx.saved_tensors, ctx.slope), None, None
