"""The `model` section of a spec, and the networks it stands for."""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import nn

from overgan.errors import OverganError
from overgan.models._conv import ReplicaConv2d, ReplicaConvTranspose2d
from overgan.models._dcgan import DCGANCritic, DCGANGenerator
from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator
from overgan.models._resnet import ResNetCritic, ResNetGenerator

SIZES, COLOUR = (32, 64), 3  # of the convolutional models' images: pixels, channels


class ModelConfig(BaseModel):
    """Which networks; their width is the study's to vary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Literal["mlp", "dcgan", "resnet"]
    latent: int = Field(128, ge=1, description="dimension of z ~ N(0, I)")
    depth: int = Field(2, ge=1, description="hidden layers of each network of an mlp")
    generator_width: int | None = Field(None, ge=1, description="held at it, while the study varies the critic alone")
    critic_width: int | None = Field(None, ge=1, description="held at it, while the study varies the generator alone")

    @model_validator(mode="after")
    def _one_network_varies(self) -> "ModelConfig":
        if self.generator_width and self.critic_width:
            raise ValueError("generator_width and critic_width are both given, so nothing would vary; remove one")
        return self

    def check(self, shape: tuple[int, int, int]) -> None:
        """Raise OverganError if the networks cannot make images of this height, width and channels."""
        height, width, channels = shape
        if self.name != "mlp" and (height != width or height not in SIZES or channels != COLOUR):
            raise OverganError(
                f"model.name: {self.name} makes colour images of 32 × 32 or 64 × 64 pixels, but these are "
                f"{width} × {height} with {channels} channel{'s' if channels > 1 else ''}; resize them, or set "
                "model.name=mlp"
            )


def networks(
    config: ModelConfig, width: int, shape: tuple[int, int, int], replicas: int
) -> tuple[nn.Module, nn.Module]:
    """Generator and critic of one width, their weights not yet drawn.

    shape: height, width and channels of an image.

    The generator maps (replicas, batch, latent) to images (replicas, batch, channels, height, width) in [-1, 1], the
    critic such images to scores (replicas, batch). The first axis of every parameter and buffer is the replica.

    Raises OverganError if the model cannot make images of this shape.
    """
    config.check(shape)
    generator, critic = config.generator_width or width, config.critic_width or width
    pixels, _, channels = shape
    match config.name:
        case "mlp":
            return (
                MLPGenerator(replicas, config.latent, generator, config.depth, shape),
                MLPCritic(replicas, critic, config.depth, shape),
            )
        case "dcgan":
            return (
                DCGANGenerator(replicas, config.latent, generator, pixels, channels),
                DCGANCritic(replicas, critic, pixels, channels),
            )
        case "resnet":
            return (
                ResNetGenerator(replicas, config.latent, generator, pixels, channels),
                ResNetCritic(replicas, critic, pixels, channels),
            )


def build(
    config: ModelConfig, width: int, shape: tuple[int, int, int], streams: Sequence[torch.Generator]
) -> tuple[nn.Module, nn.Module]:
    """The `networks` with one replica for each stream, its weights drawn from that stream."""
    generator, critic = networks(config, width, shape, len(streams))
    for network in (generator, critic):
        for module in network.modules():
            if isinstance(module, ReplicaLinear | ReplicaConv2d | ReplicaConvTranspose2d):
                module.initialize(streams)
    return generator, critic


def parameter_counts(config: ModelConfig, width: int, shape: tuple[int, int, int]) -> dict[str, int]:
    """Trained numbers of one replica's `generator` and `critic`."""
    with torch.device("meta"):
        pair = networks(config, width, shape, replicas=1)
    return {
        name: sum(p.numel() for p in network.parameters())
        for name, network in zip(("generator", "critic"), pair, strict=True)
    }
