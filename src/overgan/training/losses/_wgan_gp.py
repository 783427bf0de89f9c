"""WGAN-GP (Gulrajani et al., 2017, Equation 3; paper, Section 3)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from overgan.models import Images, Part
from overgan.training.losses._loss import Given, Loss, PerReplica


def critic_loss(networks: Part, real: Images, fake: Images, given: Given) -> tuple[PerReplica, ...]:
    """The loss E D(x̃) − E D(x) + λ GP, then the Wasserstein estimate E D(x) − E D(x̃), and GP."""
    scores = networks.score(torch.cat([real, fake], 1))
    batch = scores.shape[1] // 2
    wasserstein = scores[:, :batch].mean(1) - scores[:, batch:].mean(1)
    penalty = gradient_penalty(networks, real, fake, given.mix)
    return given.penalty_weight * penalty - wasserstein, wasserstein, penalty


def generator_loss(networks: Part, _real: Callable[[], Images], fake: Images) -> PerReplica:
    """The loss − E D(x̃)."""
    return -networks.score(fake).mean(1)


def gradient_penalty(networks: Part, real: Images, fake: Images, mix: Float[Tensor, "replicas batch"]) -> PerReplica:
    """GP = E (‖∇D(x̂)‖ − 1)² at x̂ = x + ε (x̃ − x), differentiable in the critic's parameters; mix is ε."""
    x = torch.lerp(real, fake, mix.reshape(*real.shape[:2], 1, 1, 1, *real.shape[5:]))
    norm = torch.linalg.vector_norm(networks.slope(x).flatten(2, 4), dim=2)
    penalty: Tensor = (norm - 1).square().flatten(1).mean(1)
    return penalty


WGAN_GP = Loss(critic_loss, generator_loss, ("wasserstein", "gradient_penalty"), critic_passes=11, generator_passes=2)
