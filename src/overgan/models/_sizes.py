"""How large the networks of one width are: parameters, outputs and products."""

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
    """The sizes of one replica's `generator` and `critic`, which are not the user's own.

    Outputs are linear in a network's width and products quadratic, so that those of three narrow ones tell. (What
    PyTorch imports to compute without memory, on `meta`, takes more than a second.)
    """
    alike = model.model_copy(update={"generator_width": None, "critic_width": None})
    narrow = [_counted(alike, k, shape) for k in (1, 2, 3)]
    wide = {"generator": model.generator_width or width, "critic": model.critic_width or width}
    return {
        name: Size(*(_through(points, k) for points in zip(*(of[name] for of in narrow), strict=True)))
        for name, k in wide.items()
    }


def _through(points: tuple[int, ...], k: int) -> int:
    """The value at k of the parabola through the values at 1, 2 and 3."""
    one, two, three = points
    return one + (k - 1) * (two - one) + (k - 1) * (k - 2) // 2 * (three - 2 * two + one)


@torch.no_grad()
def _counted(model: ModelConfig, width: int, shape: Shape) -> dict[str, Size]:
    height, pixels, channels = shape
    generator, critic = networks(model, width, shape, replicas=1)
    return {
        "generator": _size(generator, torch.zeros(1, 1, model.latent)),
        "critic": _size(critic, torch.zeros(1, 1, channels, height, pixels)),
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
