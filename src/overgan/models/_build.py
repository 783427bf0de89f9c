"""The networks that a model's settings stand for, their replicas' weights drawn."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from overgan.models import nets
from overgan.models._spec import ModelConfig
from overgan.models.layers import ReplicaConv2d, ReplicaConvTranspose2d, ReplicaLinear
from overgan.models.nets import Networks, own_networks

NETS: dict[str, tuple[Callable[..., nn.Module], Callable[..., nn.Module]]] = {
    "mlp": (nets.MLPGenerator, nets.MLPCritic),
    "dcgan": (nets.DCGANGenerator, nets.DCGANCritic),
    "resnet": (nets.ResNetGenerator, nets.ResNetCritic),
}


def networks(
    config: ModelConfig,
    width: int,
    shape: tuple[int, int, int],
    replicas: int,
    streams: Sequence[torch.Generator] | None = None,
) -> Networks:
    """Generator and critic of one width, their weights not yet drawn.

    shape: height, width and channels of an image.
    streams: one for each replica; a model of the user's draws its weights as it is built.

    Raises OverganError if the model cannot make images of this shape.
    """
    config.check(shape)
    generator, critic = config.generator_width or width, config.critic_width or width
    if config.own:
        return own_networks(config.name, generator, critic, shape, streams or [torch.Generator()] * replicas)
    make_generator, make_critic = NETS[config.name]
    rest = (config.depth, shape) if config.name == "mlp" else (shape[0], shape[2])
    return Networks(make_generator(replicas, config.latent, generator, *rest), make_critic(replicas, critic, *rest))


def build(
    config: ModelConfig,
    width: int,
    shape: tuple[int, int, int],
    streams: Sequence[torch.Generator],
    dtype: torch.dtype = torch.float32,
) -> Networks:
    """The `networks` with one replica for each stream, its weights drawn from that stream.

    dtype: of the numbers that layers multiply; weights and sums are float32. A model of the user's has its own.
    """
    built = networks(config, width, shape, len(streams), streams)
    if not config.own:
        for network in built:
            for module in network.modules():
                if isinstance(module, ReplicaLinear | ReplicaConv2d | ReplicaConvTranspose2d):
                    module.initialize(streams)
                    module.dtype = dtype
    return built
