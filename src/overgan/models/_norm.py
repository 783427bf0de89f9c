"""Normalization with a replica axis, of images as _conv.py lays them out, or of plain features."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

MOMENTUM, EPSILON = 0.1, 1e-5


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

    def forward(self, x: Float[Tensor, "replicas *size"]) -> Float[Tensor, "replicas *size"]:
        """By the batch's statistics in training, by the running ones in evaluation.

        x: (replicas, batch, features), or images (replicas, blocks, height, width, features, lanes).
        """
        over = (1,) if x.ndim == 3 else (1, 2, 3, 5)
        shape = [1 if axis in over else length for axis, length in enumerate(x.shape)]
        if self.training:
            var, mean = torch.var_mean(x, over, correction=0, keepdim=True)
            with torch.no_grad():
                numbers = x.numel() / var.numel()
                self.running_mean.lerp_(mean.view_as(self.running_mean), MOMENTUM)
                self.running_var.lerp_(var.view_as(self.running_var) * (numbers / (numbers - 1)), MOMENTUM)
        else:
            var, mean = self.running_var.view(shape), self.running_mean.view(shape)
        return _scale_and_shift(x, var, mean, self.weight.view(shape), self.bias.view(shape))


class ReplicaLayerNorm(nn.Module):
    """Normalization of each image over channels and pixels; weight and bias are (replicas, channels)."""

    def __init__(self, replicas: int, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(replicas, channels))
        self.bias = nn.Parameter(torch.zeros(replicas, channels))

    def forward(
        self, x: Float[Tensor, "replicas blocks h w channels lanes"]
    ) -> Float[Tensor, "replicas blocks h w channels lanes"]:
        """By the statistics of each image."""
        var, mean = torch.var_mean(x, (2, 3, 4), correction=0, keepdim=True)
        weight, bias = (p[:, None, None, None, :, None] for p in (self.weight, self.bias))
        return _scale_and_shift(x, var, mean, weight, bias)


def _scale_and_shift(x: Tensor, var: Tensor, mean: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    scale = weight * (var + EPSILON).rsqrt()
    return torch.addcmul(bias - mean * scale, x, scale)
