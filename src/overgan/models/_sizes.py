"""How large the networks of one width are: parameters, outputs and products, counted without computing."""

from typing import Any, NamedTuple

import torch
from torch import nn

from overgan.models._build import networks
from overgan.models._spec import ModelConfig
from overgan.models.layers import ReplicaConv2d, ReplicaConvTranspose2d, ReplicaLinear
from overgan.models.nets import check_own


def parameter_counts(config: ModelConfig, width: int, shape: tuple[int, int, int]) -> dict[str, int]:
    """Trained numbers of one replica's `generator` and `critic`.

    shape: height, width and channels of an image.

    Raises OverganError if the model cannot make images of this shape.
    """
    if config.own:
        pair = networks(config, width, shape, replicas=1)
        check_own(config.name, pair, config.latent, shape)
    else:
        with torch.device("meta"):
            pair = networks(config, width, shape, replicas=1)
    return {
        name: sum(p.numel() for p in network.parameters())
        for name, network in zip(("generator", "critic"), pair, strict=True)
    }


class Size(NamedTuple):
    """Of the layers of one network, for one image."""

    outputs: int  # numbers that they give
    products: int  # that they add up


def sizes(config: ModelConfig, width: int, shape: tuple[int, int, int]) -> dict[str, Size]:
    """The sizes of one replica's `generator` and `critic`, which are not the user's own."""
    height, pixels, channels = shape
    with torch.device("meta"):
        generator, critic = networks(config, width, shape, replicas=1)
        return {
            "generator": _size(generator, torch.empty(1, 1, config.latent)),
            "critic": _size(critic, torch.empty(1, 1, channels, height, pixels)),
        }


def _size(network: nn.Module, x: torch.Tensor) -> Size:
    outputs = products = 0

    def count(layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal outputs, products
        outputs += output.numel()
        if isinstance(layer, ReplicaLinear):
            products += layer.weight.numel()
        elif isinstance(layer, ReplicaConv2d | ReplicaConvTranspose2d):
            products += layer.weight.numel() * min(t.shape[2] * t.shape[3] for t in (*inputs, output))

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    network.eval()(x)  # batch norm of a single image
    return Size(outputs, products)
