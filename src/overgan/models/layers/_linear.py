"""A linear layer with a replica axis."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from overgan.models.layers._blocks import Lanes
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
        return torch.baddbmm(self.bias, x, self.weight)


class ReplicaScore(ReplicaLinear):
    """A linear layer with one output for each replica, whose inputs are images' channels, height and width."""

    def __init__(self, replicas: int, inputs: int):
        super().__init__(replicas, inputs, 1)

    def forward(self, x: Lanes) -> Float[Tensor, "replicas batch"]:
        """The score of each image, replica by replica."""
        _, _, h, w, c, _ = x.shape
        weight = self.weight.view(-1, 1, 1, c, h * w).transpose(3, 4).flatten(3)
        return (weight @ x.flatten(2, 4)).flatten(1) + self.bias.flatten(1)
