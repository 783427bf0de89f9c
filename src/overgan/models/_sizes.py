"""How large the networks of one width are: parameters, outputs and products, counted without computing."""

import math
from typing import Any, NamedTuple

import torch
from torch import nn

from overgan.models._build import networks
from overgan.models._spec import ModelConfig, Shape
from overgan.models.layers import Weighted
from overgan.models.nets import check_own


def parameter_counts(model: ModelConfig, width: int, shape: Shape) -> dict[str, int]:
    """Trained numbers of one replica's `generator` and `critic`.

    shape: height, width and channels of an image.

    Raises OverganError if the model cannot make images of this shape.
    """
    if model.own:
        pair = networks(model, width, shape, replicas=1)
        check_own(model.name, pair, model.latent, shape)
    else:
        with torch.device("meta"):
            pair = networks(model, width, shape, replicas=1)
    return {name: sum(p.numel() for p in network.parameters()) for name, network in pair._asdict().items()}


class Size(NamedTuple):
    """How much the layers of one network compute for one image."""

    outputs: int  # numbers that they give
    products: int  # that they add up


def sizes(model: ModelConfig, width: int, shape: Shape) -> dict[str, Size]:
    """The sizes of one replica's `generator` and `critic`, which are not the user's own."""
    height, pixels, channels = shape
    with torch.device("meta"):
        generator, critic = networks(model, width, shape, replicas=1)
        return {
            "generator": _size(generator, torch.empty(1, 1, model.latent)),
            "critic": _size(critic, torch.empty(1, 1, channels, height, pixels)),
        }


def _size(network: nn.Module, x: torch.Tensor) -> Size:
    outputs = products = 0

    def count(layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal outputs, products
        outputs += output.numel()
        if isinstance(layer, Weighted):  # a weight meets every pixel of the smaller image; features have none
            products += layer.weight.numel() * min(math.prod(t.shape[2:-2]) for t in (*inputs, output))

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    network.eval()(x)  # batch norm of a single image
    return Size(outputs, products)
