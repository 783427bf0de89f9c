"""What a spec takes for keys that it leaves out, by loss; without PyTorch, as specs are read without it."""

from typing import NamedTuple


class Defaults(NamedTuple):
    """Critic updates an iteration, and the weight of the penalty, as `train.critic_steps` and `.gradient_penalty`."""

    critic_steps: int
    gradient_penalty: float


WGAN_GP = Defaults(5, 10.0)  # Gulrajani et al., 2017, Algorithm 1
R1 = Defaults(1, 10.0)  # Mescheder et al., 2018, Section 6 and their configs
R3 = Defaults(1, 0.5)  # Huang et al., 2024, of ImageNet at 32 px; 0.05 (CIFAR-10) to 150 (FFHQ at 256 px) elsewhere
OF_LOSSES = {"hinge": R1, "non-saturating": R1, "relativistic": R3}


def defaults(loss: str) -> Defaults:
    """Those of the loss's paper; WGAN-GP's for a loss of the user's."""
    return OF_LOSSES.get(loss, WGAN_GP)
