"""The one face of all networks: what training, losses and sampling ask of a generator and its critic."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from overgan.models.layers import Lanes, fold, input_gradients_only, unfold

Images = Float[Tensor, "replicas _ _ _ _ *lanes"]  # batch, channels, height, width; or in blocks, as `Lanes`
Scores = Float[Tensor, "replicas batch"]


class BlockGenerator(nn.Module):
    """A generator whose images come in the blocks that its critic takes too."""

    def forward(self, z: Float[Tensor, "replicas batch latent"], in_blocks: bool = False) -> Images:
        """Images with values in [-1, 1], (replicas, batch, channels, height, width) or in blocks."""
        images = self.folded(z)
        return images if in_blocks else unfold(images)

    def folded(self, z: Float[Tensor, "replicas batch latent"]) -> Lanes:
        """Images with values in [-1, 1], in blocks."""
        raise NotImplementedError("a generator that comes in blocks makes them itself")


@dataclass(frozen=True)
class Part:
    """Some of a group's replicas that are computed together, until a parameter changes.

    rows: which of the group's replicas.
    generate: G, from latents (replicas, batch, latent) to images in the layout of these networks.
    score: D, from such images to (replicas, batch).
    fold: images (replicas, batch, channels, height, width) in that layout.
    parameters: of each network, of these replicas alone; what is computed here has gradients with respect to them.
    attached: whether gradients also go through what an update holds constant, the images that it takes a slope at and
        the scores that it holds. Updates need none of these, derivatives of the updates do.
    """

    rows: slice
    generate: Callable[[Tensor], Images]
    score: Callable[[Images], Scores]
    fold: Callable[[Tensor], Images]
    parameters: dict[str, list[Tensor]] = field(default_factory=dict)
    attached: bool = False

    def held_score(self, images: Images) -> Scores:
        """D at each image, which the update at hand holds constant."""
        with nullcontext() if self.attached else torch.no_grad():
            return self.score(images)

    def slope(self, images: Images) -> Images:
        """∇D at each image, differentiable in the critic's parameters, whose own gradients are left out on the way."""
        return self.score_and_slope(images)[1]

    def score_and_slope(self, images: Images) -> tuple[Scores, Images]:
        """D and ∇D at each image, of one pass forward; both are differentiable in the critic's parameters."""
        x = images if self.attached and images.requires_grad else images.detach().requires_grad_()
        scores = self.score(x)
        with input_gradients_only():
            (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        return scores, slope


class Networks(NamedTuple):
    """Generator and critic of a group; the first axis of every parameter and buffer is the replica.

    The generator maps (replicas, batch, latent) to images (replicas, batch, channels, height, width) in [-1, 1], the
    critic such images to scores (replicas, batch).
    """

    generator: nn.Module
    critic: nn.Module

    def parts(self, replicas: int, at_once: int) -> Iterator[Part]:
        """All replicas of the group, at most `at_once` of them together."""
        blocks = isinstance(self.generator, BlockGenerator)
        more, layout = ({"in_blocks": True}, fold) if blocks else ({}, nn.Identity())
        for first in range(0, replicas, at_once):
            rows = slice(first, first + at_once) if at_once < replicas else None
            generate, of_generator = _some(self.generator, rows, more)
            score, of_critic = _some(self.critic, rows, {})
            parameters = {"generator": of_generator, "critic": of_critic}
            yield Part(rows or slice(None), generate, score, layout, parameters)


def _some(
    network: nn.Module, rows: slice | None, more: dict[str, bool]
) -> tuple[Callable[[Tensor], Any], list[Tensor]]:
    """The network of some of its replicas, or all, and their parameters: those of some have gradients of their own."""
    if rows is None:
        return partial(network, **more), list(network.parameters())
    leaves = {name: parameter.detach()[rows].requires_grad_() for name, parameter in network.named_parameters()}
    tensors = leaves | {name: buffer[rows] for name, buffer in network.named_buffers()}
    return lambda x: functional_call(network, tensors, (x,), more), list(leaves.values())
