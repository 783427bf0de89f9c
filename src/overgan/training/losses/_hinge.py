"""The hinge loss (Lim & Ye, 2017; Miyato et al., 2018, Equations 16 and 17) with R1 (Mescheder et al., 2018)."""

from overgan.models import Images, Part
from overgan.training.losses._loss import Given, Loss, PerReplica
from overgan.training.losses._wgan_gp import generator_loss
from overgan.training.losses._zero_centred import squared_slope


def critic_loss(networks: Part, real: Images, fake: Images, given: Given) -> tuple[PerReplica, ...]:
    """The loss E max(0, 1 − D(x)) + E max(0, 1 + D(x̃)) + γ/2 R1, then the margin E D(x) − E D(x̃), and R1.

    R1 = E ‖∇D(x)‖².
    """
    of_real, slope = networks.score_and_slope(real)
    of_fake = networks.score(fake)
    penalty = squared_slope(slope)
    loss = (1 - of_real).relu().mean(1) + (1 + of_fake).relu().mean(1)
    return loss + given.penalty_weight / 2 * penalty, of_real.mean(1) - of_fake.mean(1), penalty


HINGE = Loss(critic_loss, generator_loss, ("margin", "r1"), critic_passes=9, generator_passes=2)
