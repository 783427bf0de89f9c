"""Normalization with a replica axis, of images as _blocks.py lays them out, or of plain features."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from overgan.models.layers._blocks import Lanes

MOMENTUM, EPSILON = 0.1, 1e-5


class ReplicaBatchNorm(nn.Module):
    """Batch normalization of each replica; weight, bias and running statistics are (replicas, features).

    always_batch: whether evaluation normalizes by the batch's statistics too, as training does; the running ones stay.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, replicas: int, features: int):
        super().__init__()
        self.always_batch = False
        self.weight = nn.Parameter(torch.ones(replicas, features))
        self.bias = nn.Parameter(torch.zeros(replicas, features))
        self.register_buffer("running_mean", torch.zeros(replicas, features))
        self.register_buffer("running_var", torch.ones(replicas, features))

    def forward(self, x: Float[Tensor, "replicas *size"]) -> Float[Tensor, "replicas *size"]:
        """By the batch's statistics in training, by the running ones in evaluation, unless `always_batch`.

        x: (replicas, batch, features), or images (replicas, blocks, height, width, features, lanes).
        """
        flat, lanes = (x.flatten(4).flatten(1, 3), x.shape[5]) if x.ndim == 6 else (x, 1)
        if self.training or self.always_batch:
            numbers = flat.shape[1] * lanes
            mean = _sum(flat, lanes) / numbers
            flat = flat - _spread(mean, lanes)
            var = _sum(flat.square(), lanes) / numbers
            if self.training:
                with torch.no_grad():
                    self.running_mean.lerp_(mean, MOMENTUM)
                    self.running_var.lerp_(var * (numbers / (numbers - 1)), MOMENTUM)
        else:
            flat, var = flat - _spread(self.running_mean, lanes), self.running_var
        scale = self.weight * (var + EPSILON).rsqrt()
        return torch.addcmul(_spread(self.bias, lanes), flat, _spread(scale, lanes)).view_as(x)


class ReplicaLayerNorm(nn.Module):
    """Normalization of each image over channels and pixels; weight and bias are (replicas, channels)."""

    def __init__(self, replicas: int, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(replicas, channels))
        self.bias = nn.Parameter(torch.zeros(replicas, channels))

    def forward(self, x: Lanes) -> Lanes:
        """The images, normalized by their own statistics."""
        var, mean = torch.var_mean(x, (2, 3, 4), correction=0, keepdim=True)
        weight, bias = (p[:, None, None, None, :, None] for p in (self.weight, self.bias))
        return torch.addcmul(bias, x - mean, weight * (var + EPSILON).rsqrt())


def sum_over_images(x: Lanes) -> Float[Tensor, "replicas channels"]:
    """The sum over images and pixels."""
    return _sum(x.flatten(4).flatten(1, 3), x.shape[5])


def _sum(x: Float[Tensor, "replicas numbers features_and_lanes"], lanes: int) -> Float[Tensor, "replicas features"]:
    """Over numbers and lanes; a product with ones is several times as fast as a sum over those axes."""
    sums = x.new_ones(len(x), 1, x.shape[1]) @ x
    return sums.view(len(x), -1, lanes).sum(2)


def _spread(x: Float[Tensor, "replicas features"], lanes: int) -> Float[Tensor, "replicas 1 features_and_lanes"]:
    """The numbers repeated for all lanes, in memory: a broadcast along short last axes is slow."""
    return x[:, None, :, None].expand(-1, -1, -1, lanes).flatten(2)
