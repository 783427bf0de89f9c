"""What a loss is: two functions, and what the loop must know of them."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from overgan.models import Images, Part

PerReplica = Float[Tensor, " replicas"]


@dataclass(frozen=True)
class Given:
    """What a critic's loss may use beside scores and slopes.

    mix: ε, uniform in [0, 1), one for each pair of images.
    penalty_weight: λ, the spec's train.gradient_penalty.
    """

    mix: Float[Tensor, "replicas batch"]
    penalty_weight: float


@dataclass(frozen=True)
class Loss:
    """What critic and generator minimize, replica by replica; networks.score is D.

    critic: of the networks, real images x, as many generated ones x̃, and what else is given: the loss, then the values
    that are logged beside it.
    generator: of the networks, a function that gives the real images of the critic's last update, and generated ones.
    logs: names of the values that the critic's function logs.
    critic_passes, generator_passes: what an update costs for each image, in forward passes through the critic.
    """

    critic: Callable[[Part, Images, Images, Given], tuple[PerReplica, ...]]
    generator: Callable[[Part, Callable[[], Images], Images], PerReplica]
    logs: tuple[str, ...]
    critic_passes: int
    generator_passes: int
