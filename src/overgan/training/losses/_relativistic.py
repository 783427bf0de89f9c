"""The relativistic pairing loss RpGAN with R1 and R2 (R3GAN: Huang et al., NeurIPS 2024, Section 2)."""

from collections.abc import Callable

import torch
from torch.nn.functional import softplus

from overgan.models import Images, Part
from overgan.training.losses._loss import Given, Loss, PerReplica
from overgan.training.losses._zero_centred import squared_slope


def critic_loss(networks: Part, real: Images, fake: Images, given: Given) -> tuple[PerReplica, ...]:
    """The loss E softplus(−(D(x) − D(x̃))) + γ/2 (R1 + R2), then the margin E D(x) − E D(x̃), R1 and R2.

    R1 = E ‖∇D(x)‖² of real images, R2 = E ‖∇D(x̃)‖² of generated ones.
    """
    # one after the other, so that the gradients of the last bias, which cancels, are summed alike and are 0: Adam
    # would make full steps of their rounding errors
    (of_real, at_real), (of_fake, at_fake) = networks.score_and_slope(real), networks.score_and_slope(fake)
    r1, r2 = squared_slope(at_real), squared_slope(at_fake)
    difference = of_real - of_fake
    return softplus(-difference).mean(1) + given.penalty_weight / 2 * (r1 + r2), difference.mean(1), r1, r2


def generator_loss(networks: Part, real: Callable[[], Images], fake: Images) -> PerReplica:
    """The loss E softplus(−(D(x̃) − D(x))); if there are more generated images, real ones take part in several pairs."""
    of_real = networks.held_score(real())
    of_fake = networks.score(fake)
    partner = torch.arange(of_fake.shape[1], device=of_real.device) % of_real.shape[1]
    return softplus(of_real[:, partner] - of_fake).mean(1)


RELATIVISTIC = Loss(critic_loss, generator_loss, ("margin", "r1", "r2"), critic_passes=12, generator_passes=3)
