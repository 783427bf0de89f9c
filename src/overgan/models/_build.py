"""The networks that a model's settings stand for, their replicas' weights drawn."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from overgan.models import nets
from overgan.models._spec import ModelConfig, Shape
from overgan.models.layers import ReplicaBatchNorm, Weighted

NETS: dict[str, tuple[Callable[..., nn.Module], Callable[..., nn.Module]]] = {
    "mlp": (nets.MLPGenerator, nets.MLPCritic),
    "dcgan": (nets.DCGANGenerator, nets.DCGANCritic),
    "resnet": (nets.ResNetGenerator, nets.ResNetCritic),
}


def networks(
    model: ModelConfig, width: int, shape: Shape, replicas: int, streams: Sequence[torch.Generator] | None = None
) -> nets.Networks:
    """Generator and critic of one width, their weights not yet drawn.

    shape: height, width and channels of an image.
    streams: one for each replica; a model of the user's draws its weights as it is built.

    Raises OverganError if the model cannot make images of this shape.
    """
    model.check(shape)
    generator, critic = model.generator_width or width, model.critic_width or width
    if model.own:
        return nets.own_networks(model.name, generator, critic, shape, streams or [torch.Generator()] * replicas)
    make_generator, make_critic = NETS[model.name]
    rest = (model.depth, shape) if model.name == "mlp" else (shape[0], shape[2])
    pair = nets.Networks(make_generator(replicas, model.latent, generator, *rest), make_critic(replicas, critic, *rest))
    for layer in pair.generator.modules():
        if isinstance(layer, ReplicaBatchNorm):
            layer.always_batch = model.sampling_norm == "batch"
    return pair


def build(
    model: ModelConfig, width: int, shape: Shape, streams: Sequence[torch.Generator], dtype: torch.dtype = torch.float32
) -> nets.Networks:
    """The `networks` with one replica for each stream, its weights drawn from that stream.

    dtype: of the numbers that layers multiply; weights and sums are float32. A model of the user's has its own.
    """
    built = networks(model, width, shape, len(streams), streams)
    for network in built:
        for layer in network.modules():
            if isinstance(layer, Weighted):  # none is in a model of the user's, whose weights are drawn by now
                layer.initialize(streams)
                layer.dtype = dtype
    return built
