"""How the learning rate depends on the width: the rules constant, inverse and mup, parameter by parameter.

Widths are compared with a base, at which all rules agree. Let r be a layer's number of inputs at the width over that at
the base, and its outputs' likewise s.

*constant*: one learning rate for every width. *inverse*: base / width times it, for all parameters of a network; one
whose width is held has no other width, and keeps it.

*mup* is the maximal-update parametrization for Adam (Yang et al., 2022, Tensor Programs V, Table 3, without
multipliers). An update of Adam moves every number of a weight by about the learning rate, whatever the gradient's size.

- Adam's update of a weight is aligned with the layer's inputs, so the output moves by the sum of that many terms of one
  sign: by rate · inputs. It moves by as much at all widths if the rate is ∝ 1/r. A layer of the latents or of the image
  has r = 1 and keeps its rate; so do biases, and the weights and biases of norms, each of which moves one number.
- Initial weights are independent, so the output is a sum of terms of random sign, of size deviation · √inputs: the
  deviation is ∝ r^(-1/2) for hidden layers (r ≠ 1, s ≠ 1), and stays where r = 1.
- A layer from k inputs to a number of outputs that does not depend on k (r ≠ 1, s = 1: the generator's image, the
  critic's score, a convolution or not) starts smaller, ∝ 1/r. Its weight is what reaches all layers below as their
  gradient, and only at this size do its initial value and its updates, both ∝ 1/r, keep their proportion.

Layer by layer, in powers of r for the rate and for the initial deviation:

======================================================  ====  =========
layer                                                   rate  deviation
======================================================  ====  =========
mlp: latent → k, pixels → k                                0          0
mlp: k → k                                                -1       -1/2
mlp: k → pixels, k → score                                -1         -1
dcgan, resnet: latent → 4 × 4 images of a multiple of k    0          0
dcgan, resnet: convolutions from the image's channels      0          0
dcgan, resnet: convolutions, transposed or not, of
multiples of k, shortcuts included                        -1       -1/2
dcgan, resnet: the convolution to the image's channels    -1         -1
dcgan, resnet: the linear layer to the score, from a
multiple of k channels, at 4 × 4 pixels or their mean     -1         -1
all biases, all norms                                      0          –
======================================================  ====  =========

A kernel's pixels are inputs too, but as many at every width. Deviations are in proportion to the base's, Glorot's or
He's as it may be, whose dependence on the outputs is thereby left out. Learning rates and deviations are those of the
package `mup` 1.0.0 (`MuAdam`, `xavier_uniform_`, the multiplier of a `MuReadout` made a part of its weight), which has
no convolutional read-outs.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import nn

from overgan.models import ModelConfig, Networks, Shape, Weighted, networks
from overgan.training._runs import Rule


class Scale(NamedTuple):
    """What a rule multiplies a parameter's learning rate and its initial values with, at one width."""

    rate: float
    start: float


def scales(model: ModelConfig, width: int, base_width: int | None, shape: Shape, rule: Rule) -> dict[str, list[Scale]]:
    """The scales of `generator` and `critic`, one for each of `network.parameters()`, in their order.

    base_width: where all rules give 1; None is for the rule constant.
    shape: height, width and channels of an image.

    Raises OverganError if the model cannot make images of this shape, ValueError for mup of a model of the user's.
    """
    if rule == "mup" and model.own:
        raise ValueError("mup is for mlp, dcgan and resnet")
    pair = _shapes(model, width, shape)
    if rule == "mup":
        base = _shapes(model, base_width or width, shape)
        return {name: list(_mup(getattr(pair, name), getattr(base, name))) for name in pair._fields}
    held = {"generator": model.generator_width, "critic": model.critic_width}
    by_width = (base_width or width) / width if rule == "inverse" else 1.0
    return {
        name: [Scale(1.0 if held[name] else by_width, 1.0) for _ in network.parameters()]
        for name, network in pair._asdict().items()
    }


def _shapes(model: ModelConfig, width: int, shape: Shape) -> Networks:
    """Networks whose parameters have no numbers, unless they are the user's own."""
    with torch.device("cpu" if model.own else "meta"):
        return networks(model, width, shape, replicas=1)


def _mup(network: nn.Module, base: nn.Module) -> Iterator[Scale]:
    for layer, of_base in zip(network.modules(), base.modules(), strict=True):
        if isinstance(layer, Weighted) and isinstance(of_base, Weighted):
            r, s = layer.inputs / of_base.inputs, layer.outputs / of_base.outputs
            wanted = of_base.bound / (1 if r == 1 else r**0.5 if s != 1 else r)
            yield from (Scale(1 / r, wanted / layer.bound), Scale(1.0, 1.0))  # weight, bias
        else:
            yield from (Scale(1.0, 1.0) for _ in layer.parameters(recurse=False))
