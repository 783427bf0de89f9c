"""The `model` section of a spec, and the networks it stands for."""

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator


class ModelConfig(BaseModel):
    """Which networks; their width is the study's to vary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Literal["mlp"]
    latent: int = Field(128, ge=1, description="dimension of z ~ N(0, I)")
    depth: int = Field(2, ge=1, description="hidden layers of each network")


def networks(
    config: ModelConfig, width: int, shape: tuple[int, int, int], replicas: int
) -> tuple[nn.Module, nn.Module]:
    """Generator and critic of one width, their weights not yet drawn.

    shape: height, width and channels of an image.

    The generator maps (replicas, batch, latent) to images (replicas, batch, channels, height, width) in [-1, 1], the
    critic such images to scores (replicas, batch). The first axis of every parameter and buffer is the replica.
    """
    generator = MLPGenerator(replicas, config.latent, width, config.depth, shape)
    return generator, MLPCritic(replicas, width, config.depth, shape)


def build(
    config: ModelConfig, width: int, shape: tuple[int, int, int], streams: Sequence[torch.Generator]
) -> tuple[nn.Module, nn.Module]:
    """The `networks` with one replica for each stream, its weights drawn from that stream."""
    generator, critic = networks(config, width, shape, len(streams))
    for network in (generator, critic):
        for module in network.modules():
            if isinstance(module, ReplicaLinear):
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
