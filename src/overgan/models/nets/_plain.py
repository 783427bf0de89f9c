"""One replica of a generator as a module of PyTorch's own layers, which can be used and exported without overgan."""

import math
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from overgan.models.layers import ReplicaLinear
from overgan.models.layers._norm import EPSILON, MOMENTUM
from overgan.models.nets._dcgan import DCGANGenerator
from overgan.models.nets._mlp import MLPGenerator
from overgan.models.nets._own import OneByOne
from overgan.models.nets._resnet import ResNetGenerator


def plain(generator: nn.Module, replica: int) -> nn.Module:
    """A copy of one replica: latents (batch, latent) to images (batch, channels, height, width) in [-1, 1].

    It is in evaluation mode. Its weights are the replica's, those of linear layers transposed, as PyTorch has them;
    batch norm takes the statistics that the replica takes in sampling. One of the user's own is the user's module.
    """
    if isinstance(generator, OneByOne):
        return generator.alone(replica).eval()
    if isinstance(generator, MLPGenerator):
        layers = _mlp(generator, replica)
    elif isinstance(generator, DCGANGenerator):
        layers = _dcgan(generator, replica)
    elif isinstance(generator, ResNetGenerator):
        layers = _resnet(generator, replica)
    else:
        raise TypeError(f"a {type(generator).__name__} is not a generator of overgan's")
    return nn.Sequential(*layers).eval()


class Residual(nn.Module):
    """The sum of two branches."""

    def __init__(self, shortcut: nn.Module, body: nn.Module):
        super().__init__()
        self.shortcut, self.body = shortcut, body

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same at twice the size."""
        y: Tensor = self.shortcut(x) + self.body(x)
        return y


def _mlp(generator: MLPGenerator, replica: int) -> list[nn.Module]:
    *hidden, last = (_linear(layer, replica) for layer in generator.layers)
    shape = nn.Unflatten(1, generator.unflatten.unflattened_size)
    return [*(module for layer in hidden for module in (layer, nn.ReLU())), last, nn.Tanh(), shape]


def _dcgan(generator: DCGANGenerator, replica: int) -> list[nn.Module]:
    first, *layers = (_convolution(layer, replica) for layer in generator.layers)
    square = _square(generator.first, first.in_channels)
    if generator.per_number:
        start = [_norm(nn.BatchNorm1d, generator.norms[0], replica), square]
    else:
        start = [square, _norm(nn.BatchNorm2d, generator.norms[0], replica)]
    norms = [_norm(nn.BatchNorm2d, norm, replica) for norm in list(generator.norms)[1:]]
    rest = [(norm, nn.ReLU(), layer) for norm, layer in zip(norms, layers, strict=True)]
    return [_linear(generator.first, replica), *start, nn.ReLU(), first, *chain.from_iterable(rest), nn.Tanh()]


def _resnet(generator: ResNetGenerator, replica: int) -> list[nn.Module]:
    blocks = [_block(block, replica) for block in generator.blocks]
    square = _square(generator.first, blocks[0].shortcut[0].in_channels)
    norm = _norm(nn.BatchNorm2d, generator.norm, replica)
    last = _convolution(generator.last, replica)
    return [_linear(generator.first, replica), square, *blocks, norm, nn.ReLU(), last, nn.Tanh()]


# what comes out of a ModuleList has no type of its own


def _block(block: Any, replica: int) -> Any:
    """An up-sampling block of a generator; its shortcut is a convolution at any width."""
    body = nn.Sequential(
        _norm(nn.BatchNorm2d, block.norm1, replica),
        nn.ReLU(),
        nn.Upsample(scale_factor=2),
        _convolution(block.conv1, replica),
        _norm(nn.BatchNorm2d, block.norm2, replica),
        nn.ReLU(),
        _convolution(block.conv2, replica),
    )
    return Residual(nn.Sequential(_convolution(block.shortcut, replica), nn.Upsample(scale_factor=2)), body)


def _square(first: ReplicaLinear, channels: int) -> nn.Module:
    """What makes square images of that many channels of the first layer's numbers."""
    side = math.isqrt(first.bias.shape[2] // channels)
    return nn.Unflatten(1, (channels, side, side))


def _linear(layer: Any, replica: int) -> nn.Module:
    _, inputs, outputs = layer.weight.shape
    linear = nn.Linear(inputs, outputs, device="meta")
    return _filled(linear, weight=layer.weight[replica].T, bias=layer.bias[replica, 0])


def _convolution(layer: Any, replica: int) -> Any:
    weight, bias, stride = layer.weight[replica], layer.bias[replica], layer.stride
    first, second, kernel, _ = weight.shape
    size = {"stride": stride, "padding": kernel // 2, "device": "meta"}
    empty = (
        nn.ConvTranspose2d(first, second, kernel, output_padding=1, **size)
        if layer.transposed
        else nn.Conv2d(second, first, kernel, **size)
    )
    return _filled(empty, weight=weight, bias=bias)


def _norm(kind: type[nn.BatchNorm1d] | type[nn.BatchNorm2d], norm: Any, replica: int) -> nn.Module:
    """PyTorch's batch norm, which without running statistics always takes the batch's."""
    layer = kind(norm.weight.shape[1], EPSILON, MOMENTUM, track_running_stats=not norm.always_batch)
    names = ["weight", "bias", *([] if norm.always_batch else ["running_mean", "running_var"])]
    return _filled(layer, **{name: getattr(norm, name)[replica] for name in names})


@torch.no_grad()
def _filled(module: nn.Module, **values: Tensor) -> nn.Module:
    """The module, which may have no memory yet, with these values."""
    if values["weight"].device != next(module.parameters()).device:
        module.to_empty(device=values["weight"].device)
    for name, value in values.items():
        getattr(module, name).copy_(value)
    return module
