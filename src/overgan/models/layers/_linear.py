"""A linear layer with a replica axis."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from overgan.models.layers._blocks import Lanes
from overgan.models.layers._gradients import weights_wanted
from overgan.models.layers._weighted import Weighted


class ReplicaLinear(Weighted):
    """One linear layer for each replica, computed as one batched matrix product.

    weight: (replicas, inputs, outputs), Glorot uniform; bias: (replicas, 1, outputs), zero.
    """

    def __init__(self, replicas: int, inputs: int, outputs: int):
        deviation = math.sqrt(2 / (inputs + outputs))
        super().__init__((replicas, inputs, outputs), (replicas, 1, outputs), deviation)

    def forward(self, x: Float[Tensor, "replicas batch inputs"]) -> Float[Tensor, "replicas batch outputs"]:
        """X @ weight + bias, replica by replica."""
        if self.dtype == torch.bfloat16:
            return (x.to(self.dtype) @ self.weight.to(self.dtype)).float() + self.bias
        y: Tensor = _Affine.apply(x, self.weight, self.bias)
        return y


class _Affine(torch.autograd.Function):
    """x @ weight + bias, differentiable any number of times.

    Every gradient of a weight has the weight's layout. PyTorch's own of the second order is a transposed view, and of
    wide layers it takes longer to add it to that of the first order than to make both.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.baddbmm(bias, x, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        (grad,) = grads
        to_x = _Back.apply(grad, weight) if ctx.needs_input_grad[0] else None
        if not (weights_wanted() and ctx.needs_input_grad[1]):
            return to_x, None, None
        return to_x, x.mT @ grad, grad.sum(1, keepdim=True)


class _Back(torch.autograd.Function):
    """The gradient of `_Affine` with respect to x."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(grad, weight)
        return grad @ weight.mT

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        grad, weight = ctx.saved_tensors
        (of_x,) = grads
        return of_x @ weight, of_x.mT @ grad


class ReplicaScore(ReplicaLinear):
    """A linear layer with one output for each replica, whose inputs are images' channels, height and width."""

    def __init__(self, replicas: int, inputs: int):
        super().__init__(replicas, inputs, 1)

    def forward(self, x: Lanes) -> Float[Tensor, "replicas batch"]:
        """The score of each image, replica by replica."""
        _, _, h, w, c, _ = x.shape
        weight = self.weight.view(-1, 1, 1, c, h * w).transpose(3, 4).flatten(3)
        return (weight @ x.flatten(2, 4)).flatten(1) + self.bias.flatten(1)
