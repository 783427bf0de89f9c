"""The non-saturating loss (Goodfellow et al., 2014, Section 3) with R1 (Mescheder et al., 2018, Equation 9)."""

from collections.abc import Callable

from torch.nn.functional import softplus

from overgan.models import Images, Part
from overgan.training.losses._loss import Given, Loss, PerReplica
from overgan.training.losses._zero_centred import squared_slope


def critic_loss(networks: Part, real: Images, fake: Images, given: Given) -> tuple[PerReplica, ...]:
    """The loss − E log σ(D(x)) − E log(1 − σ(D(x̃))) + γ/2 R1, then the margin E D(x) − E D(x̃), and R1.

    R1 = E ‖∇D(x)‖². The score is the logit, so that − log σ(s) = softplus(−s) and − log(1 − σ(s)) = softplus(s).
    """
    of_real, slope = networks.score_and_slope(real)
    of_fake = networks.score(fake)
    penalty = squared_slope(slope)
    loss = softplus(-of_real).mean(1) + softplus(of_fake).mean(1)
    return loss + given.penalty_weight / 2 * penalty, of_real.mean(1) - of_fake.mean(1), penalty


def generator_loss(networks: Part, _real: Callable[[], Images], fake: Images) -> PerReplica:
    """The loss − E log σ(D(x̃))."""
    return softplus(-networks.score(fake)).mean(1)


NON_SATURATING = Loss(critic_loss, generator_loss, ("margin", "r1"), critic_passes=9, generator_passes=2)
