"""The ResNet generator and critic at 16 to 256 pixels (paper, Figs. 4, 6 and 7; Gulrajani et al., 2017)."""

from itertools import pairwise
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from overgan.models import layers
from overgan.models._channels import MULTIPLES, SMALL, START
from overgan.models.layers import Lanes, down, fold, leaky_relu, up
from overgan.models.nets._face import BlockGenerator

Norm = type[layers.ReplicaBatchNorm] | type[layers.ReplicaLayerNorm] | None
Resample = Literal["up", "down"] | None


def widths(width: int, pixels: int) -> list[int]:
    """Channels before, between and after the generator's blocks: k everywhere up to 32 pixels, else from 8k or 16k."""
    multiples = MULTIPLES[pixels]
    return [width * (1 if pixels <= SMALL else multiple) for multiple in (multiples[0], *multiples)]


class ResidualBlock(nn.Module):
    """Shortcut, which starts as Glorot's, + two 3 × 3 convolutions, each after a norm, if there is one, and ReLU.

    first: whether it takes images, so that neither norm nor ReLU comes first, and the first convolution widens.
    """

    def __init__(
        self, replicas: int, inputs: int, outputs: int, resample: Resample, norm: Norm = None, first: bool = False
    ):
        super().__init__()
        self.resample, self.first = resample, first
        middle = inputs if resample == "down" and not first else outputs
        self.norm1 = norm(replicas, inputs) if norm else nn.Identity()
        self.conv1 = layers.ReplicaConv2d(replicas, inputs, middle, 3, slope=1.0 if norm else 0.0)
        self.norm2 = norm(replicas, middle) if norm else None
        self.conv2 = layers.ReplicaConv2d(replicas, middle, outputs, 3)
        identity = inputs == outputs and resample is None
        self.shortcut = nn.Identity() if identity else layers.ReplicaConv2d(replicas, inputs, outputs, 1, glorot=True)

    def forward(self, x: Lanes) -> Lanes:
        """The block's output, at twice, half or the same size."""
        # a 1 × 1 convolution commutes with resampling, which is done where there are fewer pixels
        short: Tensor = self.shortcut(down(x) if self.resample == "down" else x)
        y = x if self.first else leaky_relu(self.norm1(x), 0.0)
        y = self.conv1(up(y) if self.resample == "up" else y)
        y = self.conv2(leaky_relu(self.norm2(y), 0.0) if self.norm2 else y)
        if self.resample == "up":
            short = up(short)
        return short + (down(y) if self.resample == "down" else y)


class ResNetGenerator(BlockGenerator):
    """latent → 4 × 4, an up-sampling block a doubling, batch norm, ReLU, 3 × 3 to the channels, tanh.

    Blocks have width k up to 32 pixels; 8k → 8k → 4k → 2k → k at 64.
    """

    def __init__(self, replicas: int, latent: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = widths(width, pixels)
        self.first = layers.ReplicaLinear(replicas, latent, sizes[0] * START**2)
        self.blocks = nn.ModuleList(
            ResidualBlock(replicas, i, o, "up", layers.ReplicaBatchNorm) for i, o in pairwise(sizes)
        )
        self.norm = layers.ReplicaBatchNorm(replicas, sizes[-1])
        self.last = layers.ReplicaConv2d(replicas, sizes[-1], channels, 3, glorot=pixels <= SMALL)

    def folded(self, z: Float[Tensor, "replicas batch latent"]) -> Lanes:
        """Images with values in [-1, 1], in blocks."""
        x = fold(self.first(z).unflatten(2, (-1, START, START)))
        for block in self.blocks:
            x = block(x)
        images: Tensor = self.last(self.norm(x).relu()).tanh()
        return images


class ResNetCritic(nn.Module):
    """Up to 32 pixels blocks of width k, down-sampling to 8 × 8, two more, no norm; ReLU, mean over pixels, linear.

    Beyond a 3 × 3 convolution to k, down-sampling blocks with layer norm, at 64 pixels 2k → 4k → 8k → 8k; linear.
    """

    def __init__(self, replicas: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = widths(width, pixels)[::-1]
        self.pooled = pixels <= SMALL
        if self.pooled:
            further: list[Resample] = ["down"] * (len(sizes) - 3)  # to 8 × 8
            self.blocks = nn.Sequential(
                ResidualBlock(replicas, channels, width, "down", first=True),
                *(ResidualBlock(replicas, width, width, resample) for resample in (*further, None, None)),
            )
            self.last = layers.ReplicaScore(replicas, width)
        else:
            self.blocks = nn.Sequential(
                layers.ReplicaConv2d(replicas, channels, width, 3, glorot=True),
                *(ResidualBlock(replicas, i, o, "down", layers.ReplicaLayerNorm) for i, o in pairwise(sizes)),
            )
            self.last = layers.ReplicaScore(replicas, sizes[-1] * START**2)

    def forward(self, images: Float[Tensor, "replicas batch c h w"] | Lanes) -> Float[Tensor, "replicas batch"]:
        """The score of each image."""
        x = self.blocks(fold(images))
        scores: Tensor = self.last(leaky_relu(x, 0.0).mean((2, 3), keepdim=True) if self.pooled else x)
        return scores
