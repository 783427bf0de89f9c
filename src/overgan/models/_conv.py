"""Convolutions with a replica axis.

Between layers the replicas of a batch are folded into the channels, (batch, replicas · channels, h, w) in channels-last
memory, so that all replicas are one grouped convolution.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

Folded = Float[Tensor, "batch _ _ _"]  # batch, replicas · channels, height, width


def fold(x: Float[Tensor, "replicas batch c h w"]) -> Folded:
    """Replicas into the channels, in channels-last memory."""
    return x.movedim(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)


def unfold(x: Folded, replicas: int) -> Float[Tensor, "{replicas} batch c h w"]:
    """Replicas out of the channels."""
    return x.reshape(len(x), replicas, -1, *x.shape[2:]).movedim(1, 0)


class ReplicaConv2d(nn.Module):
    """One convolution for each replica, its input padded so that stride 1 keeps the size and stride 2 halves it.

    weight: (replicas, outputs, inputs, kernel, kernel); bias: (replicas, outputs), zero.
    """

    def __init__(self, replicas: int, inputs: int, outputs: int, kernel: int, stride: int = 1):
        super().__init__()
        self.stride, self.padding = stride, kernel // 2
        self.weight = nn.Parameter(torch.empty(replicas, outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(replicas, outputs))

    def initialize(self, streams: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights from its own stream."""
        _, outputs, inputs, kernel, _ = self.weight.shape
        _draw(self.weight, inputs * kernel**2, outputs * kernel**2 / self.stride**2, streams)
        nn.init.zeros_(self.bias)

    def forward(self, x: Folded) -> Folded:
        """The convolution, replica by replica."""
        weight = self.weight.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return nn.functional.conv2d(x, weight, self.bias.flatten(), self.stride, self.padding, groups=len(self.weight))


class ReplicaConvTranspose2d(nn.Module):
    """One transposed convolution of stride 2 for each replica, padded so that it doubles the size.

    weight: (replicas, inputs, outputs, kernel, kernel); bias: (replicas, outputs), zero.
    """

    def __init__(self, replicas: int, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.padding = kernel // 2
        self.weight = nn.Parameter(torch.empty(replicas, inputs, outputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(replicas, outputs))

    def initialize(self, streams: Sequence[torch.Generator]) -> None:
        """Draw each replica's weights from its own stream."""
        _, inputs, outputs, kernel, _ = self.weight.shape
        _draw(self.weight, inputs * kernel**2 / 4, outputs * kernel**2, streams)
        nn.init.zeros_(self.bias)

    def forward(self, x: Folded) -> Folded:
        """The transposed convolution, replica by replica."""
        weight = self.weight.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return nn.functional.conv_transpose2d(
            x, weight, self.bias.flatten(), stride=2, padding=self.padding, output_padding=1, groups=len(self.weight)
        )


def _draw(weight: Tensor, fan_in: float, fan_out: float, streams: Sequence[torch.Generator]) -> None:
    """Uniform with standard deviation √(4 / (fan_in + fan_out)), as in Gulrajani et al. (2017)."""
    bound = math.sqrt(3) * math.sqrt(4 / (fan_in + fan_out))
    for replica, stream in zip(weight, streams, strict=True):
        nn.init.uniform_(replica, -bound, bound, generator=stream)
