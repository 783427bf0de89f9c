"""What training costs, as far as rules can say it: memory, and products of numbers."""

import torch

from overgan.models import ModelConfig, Shape, sizes
from overgan.training._config import TrainConfig
from overgan.training.losses import LOSSES

PART_BYTES = 4 * 2**30  # of memory for the replicas that are trained at once
COPIES = 5  # of a layer's output that an update of the critic holds: real, fake, mixed, and the mixed ones' derivatives


def replicas_at_once(model: ModelConfig, config: TrainConfig, width: int, shape: Shape) -> int:
    """How many replicas are trained together: all that PART_BYTES hold, at least one; one of a model of the user's."""
    if model.own:
        return 1
    outputs = sum(size.outputs for size in sizes(model, width, shape).values())
    batch = max(config.batch, config.generator_batch or 0)
    return max(1, PART_BYTES // (COPIES * outputs * batch * torch.float32.itemsize))


def products_an_iteration(model: ModelConfig, config: TrainConfig, width: int, shape: Shape) -> int:
    """Products that the layers of one replica add up in an iteration, for each image of a batch.

    The generator makes images for every update of the critic, and in its own update takes two passes more, backward.
    """
    generator, critic = (size.products for size in sizes(model, width, shape).values())
    loss = LOSSES[config.loss]
    critic_update = generator + loss.critic_passes * critic
    return config.critic_steps * critic_update + 3 * generator + loss.generator_passes * critic
