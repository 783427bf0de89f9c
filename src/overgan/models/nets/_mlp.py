"""The fully connected generator and critic (paper, Fig. 3)."""

import math
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from overgan.models._spec import Shape
from overgan.models.layers import ReplicaLinear


class MLPGenerator(nn.Module):
    """latent → k → … → k → pixels: `depth` hidden layers of width k with ReLU, tanh at the end."""

    def __init__(self, replicas: int, latent: int, width: int, depth: int, shape: Shape):
        super().__init__()
        height, width_px, channels = shape
        sizes = [latent, *[width] * depth, math.prod(shape)]
        self.layers = nn.ModuleList(ReplicaLinear(replicas, i, o) for i, o in pairwise(sizes))
        self.unflatten = nn.Unflatten(2, (channels, height, width_px))

    def forward(self, z: Float[Tensor, "replicas batch latent"]) -> Float[Tensor, "replicas batch c h w"]:
        """Images with values in [-1, 1]."""
        *hidden, last = self.layers
        for layer in hidden:
            z = layer(z).relu()
        images: Tensor = self.unflatten(last(z).tanh())
        return images


class MLPCritic(nn.Module):
    """pixels → k → … → k → 1: `depth` hidden layers of width k with LeakyReLU 0.2."""

    def __init__(self, replicas: int, width: int, depth: int, shape: Shape):
        super().__init__()
        sizes = [math.prod(shape), *[width] * depth, 1]
        self.layers = nn.ModuleList(ReplicaLinear(replicas, i, o) for i, o in pairwise(sizes))

    def forward(self, x: Float[Tensor, "replicas batch c h w"]) -> Float[Tensor, "replicas batch"]:
        """The score of each image."""
        x = x.flatten(2)
        *hidden, last = self.layers
        for layer in hidden:
            x = nn.functional.leaky_relu(layer(x), 0.2)
        scores: Tensor = last(x)
        return scores.squeeze(2)
