"""What linear layers and convolutions have in common: a weight and a bias for each replica."""

import math
from collections.abc import Sequence

import torch
from torch import nn


class Weighted(nn.Module):
    """A layer that multiplies with a weight and adds a bias, both with the replica as their first axis.

    deviation: standard deviation of a weight at initialization; biases are zero.
    """

    def __init__(self, weight: tuple[int, ...], bias: tuple[int, ...], deviation: float):
        super().__init__()
        self.dtype = torch.float32  # of the products
        self.weight = nn.Parameter(torch.empty(weight))
        self.bias = nn.Parameter(torch.zeros(bias))
        self.bound = math.sqrt(3) * deviation

    @property
    def inputs(self) -> int:
        """Numbers that each output is a sum of, a kernel's pixels included."""
        return self.weight[0].numel() // self.outputs

    @property
    def outputs(self) -> int:
        """Numbers, or channels of an image, that it gives."""
        return self.bias[0].numel()

    def initialize(self, streams: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights, uniform around 0, from its own stream."""
        for replica, stream in zip(self.weight, streams, strict=True):
            nn.init.uniform_(replica, -self.bound, self.bound, generator=stream)
