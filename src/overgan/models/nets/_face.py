"""The one face of all networks: what training, losses and sampling ask of a generator and its critic."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from overgan.models.layers import Lanes, fold, input_gradients_only, unfold

Images = Float[Tensor, "replicas _ _ _ _ *lanes"]  # batch, channels, height, width; or in blocks, as `Lanes`
Scores = Float[Tensor, "replicas batch"]


class BlockGenerator(nn.Module):
    """A generator whose images come in the blocks that its critic takes too."""

    def forward(self, z: Float[Tensor, "replicas batch latent"]) -> Float[Tensor, "replicas batch c h w"]:
        """Images with values in [-1, 1]."""
        return unfold(self.folded(z))

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
    """

    rows: slice
    generate: Callable[[Tensor], Images]
    score: Callable[[Images], Scores]
    fold: Callable[[Tensor], Images]

    def slope(self, images: Images) -> Images:
        """∇D at each image, differentiable in the critic's parameters, whose own gradients are left out on the way."""
        return self.score_and_slope(images)[1]

    def score_and_slope(self, images: Images) -> tuple[Scores, Images]:
        """D and ∇D at each image, of one pass forward; both are differentiable in the critic's parameters."""
        x = images.detach().requires_grad_()
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
        """All replicas of the group, at most `at_once` of them together; blocks are only for all at once."""
        if at_once >= replicas:
            if isinstance(self.generator, BlockGenerator):
                yield Part(slice(None), self.generator.folded, self.critic, fold)
            else:
                yield Part(slice(None), self.generator, self.critic, nn.Identity())
            return
        for first in range(0, replicas, at_once):
            rows = slice(first, first + at_once)
            yield Part(rows, _some(self.generator, rows), _some(self.critic, rows), nn.Identity())


def _some(network: nn.Module, rows: slice) -> Callable[[Tensor], Tensor]:
    """The network of some of its replicas."""
    tensors = {name: t[rows] for name, t in (*network.named_parameters(), *network.named_buffers())}
    return lambda x: functional_call(network, tensors, (x,))
