"""Normalization with a replica axis, of tensors whose replicas are folded into the channels."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ReplicaBatchNorm(nn.Module):
    """Batch normalization of each replica; weight, bias and running statistics are (replicas, features)."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, replicas: int, features: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(replicas, features))
        self.bias = nn.Parameter(torch.zeros(replicas, features))
        self.register_buffer("running_mean", torch.zeros(replicas, features))
        self.register_buffer("running_var", torch.ones(replicas, features))

    def forward(self, x: Float[Tensor, "batch replicas_and_features *size"]) -> Float[Tensor, "batch _ *size"]:
        """By the batch's statistics in training, by the running ones in evaluation."""
        mean, var = self.running_mean.view(-1), self.running_var.view(-1)
        normalized: Tensor = nn.functional.batch_norm(
            x, mean, var, self.weight.flatten(), self.bias.flatten(), self.training
        )
        return normalized


class ReplicaLayerNorm(nn.Module):
    """Normalization of each image over channels and pixels; weight and bias are (replicas, channels)."""

    def __init__(self, replicas: int, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(replicas, channels))
        self.bias = nn.Parameter(torch.zeros(replicas, channels))

    def forward(self, x: Float[Tensor, "batch replicas_and_channels h w"]) -> Float[Tensor, "batch _ h w"]:
        """By the statistics of each image."""
        return nn.functional.group_norm(x, len(self.weight), self.weight.flatten(), self.bias.flatten())
