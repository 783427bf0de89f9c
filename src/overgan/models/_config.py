"""The `model` section of a spec, and the networks it stands for."""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from overgan.models._mlp import MLPCritic, MLPGenerator


class ModelConfig(BaseModel):
    """Which networks; their width is the study's to vary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Literal["mlp"]
    latent: int = Field(128, ge=1, description="dimension of z ~ N(0, I)")
    depth: int = Field(2, ge=1, description="hidden layers of each network")


def build(
    config: ModelConfig, width: int, shape: tuple[int, int, int], streams: Sequence[torch.Generator]
) -> tuple[nn.Module, nn.Module]:
    """Generator and critic of one width, with one replica for each stream that its initialization is drawn from.

    shape: height, width and channels of an image.

    The generator maps (replicas, batch, latent) to images (replicas, batch, channels, height, width) in [-1, 1], the
    critic such images to scores (replicas, batch). The first axis of every parameter and buffer is the replica.
    """
    replicas = len(streams)
    generator = MLPGenerator(replicas, config.latent, width, config.depth, shape)
    critic = MLPCritic(replicas, width, config.depth, shape)
    for network in (generator, critic):
        for module in network.modules():
            if hasattr(module, "initialize"):
                module.initialize(streams)
    return generator, critic


def parameter_count(network: nn.Module) -> int:
    """Trained numbers of one replica."""
    return sum(p[0].numel() for p in network.parameters())
