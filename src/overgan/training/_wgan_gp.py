"""The WGAN-GP losses (Gulrajani et al., 2017; paper, Section 3), replica by replica."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from overgan.models import input_gradients_only

Images = Float[Tensor, "replicas _ _ _ _ *lanes"]  # batch, channels, height, width; or as a critic's network folds them
PerReplica = Float[Tensor, " replicas"]


def gradient_penalty(
    critic: Callable[[Images], Tensor], real: Images, fake: Images, mix: Float[Tensor, "replicas batch"]
) -> PerReplica:
    """E (‖∇D(x̂)‖ − 1)² at x̂ = real + mix · (fake − real), differentiable in the critic's parameters.

    mix: uniform in [0, 1), one for each pair of images.
    """
    x = torch.lerp(real, fake, mix.reshape(*real.shape[:2], 1, 1, 1, *real.shape[5:])).requires_grad_()
    with input_gradients_only():
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    norm = torch.linalg.vector_norm(slope.flatten(2, 4), dim=2)
    penalty: Tensor = (norm - 1).square().flatten(1).mean(1)
    return penalty


def critic_loss(
    critic: Callable[[Images], Tensor],
    real: Images,
    fake: Images,
    mix: Float[Tensor, "replicas batch"],
    penalty_weight: float,
) -> tuple[PerReplica, PerReplica, PerReplica]:
    """The loss E D(fake) − E D(real) + penalty_weight · GP, the Wasserstein estimate E D(real) − E D(fake), and GP."""
    scores = critic(torch.cat([real, fake], 1))
    batch = scores.shape[1] // 2
    wasserstein = scores[:, :batch].mean(1) - scores[:, batch:].mean(1)
    penalty = gradient_penalty(critic, real, fake, mix)
    return penalty_weight * penalty - wasserstein, wasserstein, penalty


def generator_loss(critic: Callable[[Images], Tensor], fake: Images) -> PerReplica:
    """− E D(fake)."""
    scores: Tensor = critic(fake)
    return -scores.mean(1)
