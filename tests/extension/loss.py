"""A loss in one file: the hinge loss (Lim and Ye, 2017), without a penalty."""

from overgan.training import Loss


def critic_loss(networks, real, fake, _given):
    """The loss E max(0, 1 − D(x)) + E max(0, 1 + D(x̃)), and the margin E D(x) − E D(x̃)."""
    of_real, of_fake = networks.score(real), networks.score(fake)
    loss = (1 - of_real).relu().mean(1) + (1 + of_fake).relu().mean(1)
    return loss, of_real.mean(1) - of_fake.mean(1)


def generator_loss(networks, _real, fake):
    """The loss − E D(x̃)."""
    return -networks.score(fake).mean(1)


HINGE = Loss(critic_loss, generator_loss, ("margin",), critic_passes=6, generator_passes=2)
