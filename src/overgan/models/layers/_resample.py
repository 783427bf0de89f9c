"""Images in blocks, at twice and at half their size."""

from typing import Any

import torch
from torch import Tensor

from overgan.models.layers._blocks import Lanes


def up(x: Lanes) -> Lanes:
    """Every pixel four times."""
    y: Tensor = _Repeat.apply(x, 1.0)
    return y


def down(x: Lanes) -> Lanes:
    """The mean of every 2 × 2 pixels."""
    y: Tensor = _Gather.apply(x, 0.25)
    return y


class _Repeat(torch.autograd.Function):
    """factor · every pixel, four times: the transpose of `_Gather`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        x = x if factor == 1 else factor * x
        return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2, -1, -1).flatten(4, 5).flatten(2, 3)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return _Gather.apply(*grads, ctx.factor), None


class _Gather(torch.autograd.Function):
    """factor · the sum of every 2 × 2 pixels."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        rows = x[:, :, ::2] + x[:, :, 1::2]
        return (rows[:, :, :, ::2] + rows[:, :, :, 1::2]).mul_(factor)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return _Repeat.apply(*grads, ctx.factor), None
