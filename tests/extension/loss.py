"""A loss in one file: least squares (Mao et al., 2017, Equation 9), without a penalty."""

from overgan.training import Loss


def critic_loss(networks, real, fake, _given):
    """The loss ½ E (D(x) − 1)² + ½ E D(x̃)², and the margin E D(x) − E D(x̃)."""
    of_real, of_fake = networks.score(real), networks.score(fake)
    loss = (of_real - 1).square().mean(1) / 2 + of_fake.square().mean(1) / 2
    return loss, of_real.mean(1) - of_fake.mean(1)


def generator_loss(networks, _real, fake):
    """The loss ½ E (D(x̃) − 1)²."""
    return (networks.score(fake) - 1).square().mean(1) / 2


LEAST_SQUARES = Loss(critic_loss, generator_loss, ("margin",), critic_passes=6, generator_passes=2)
