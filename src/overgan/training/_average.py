"""The running average of a generator, which makes better images than its last weights (Yazıcı et al., 2019)."""

from copy import deepcopy

import torch
from torch import nn

WARM_UP = 0.05  # of the iterations so far, which a half-life never exceeds (Karras et al., 2020)


def decay_at(decay: float, iteration: int) -> float:
    """The decay of the update that follows so many iterations: that of a half-life of at most 5 % of them.

    0 at first, so that the average begins as the generator is after its first update.
    """
    half_life = WARM_UP * iteration
    return min(decay, 0.5 ** (1 / half_life)) if half_life else 0.0


def averaged(generator: nn.Module) -> nn.Module:
    """A copy of the generator, whose weights are to be averages and are not trained."""
    return deepcopy(generator).requires_grad_(False)


@torch.no_grad()
def update(average: nn.Module, generator: nn.Module, decay: float) -> None:
    """Weights and running statistics, decay · average + (1 − decay) · generator; counts, as they are."""
    pairs = zip(average.state_dict().values(), generator.state_dict().values(), strict=True)
    for old, new in pairs:
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)
