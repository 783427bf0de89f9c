"""What training costs, as far as rules can say it: memory, and products of numbers."""

from contextlib import nullcontext

import torch

from overgan.models import ModelConfig, Shape, networks, sizes
from overgan.training._config import TrainConfig
from overgan.training._streams import stream
from overgan.training.losses import LOSSES

HEADER = 700  # bytes of a checkpoint for the names and places of a tensor and of its moments
PART_BYTES = 4 * 2**30  # of memory for the replicas that are trained at once
CONVOLVED = 10  # replicas, of which the images between two layers are mostly still in a cache
COPIES = 5  # of a layer's output that WGAN-GP's critic holds: real, fake, mixed, and the mixed ones' derivatives


def checkpoint_bytes(
    model: ModelConfig, width: int, shape: Shape, replicas: int, *, dither: bool = False, average: bool = False
) -> int:
    """Bytes of a group's checkpoint: weights, two moments of Adam for each trained one, averages, random streams."""
    with torch.device("meta") if not model.own else nullcontext():
        pair = networks(model, width, shape, replicas=1)
    tensors = total = 0
    for network in (*pair, *([pair.generator] if average else [])):
        tensors += len(network.state_dict())
        total += sum(value.nbytes for value in network.state_dict().values())
    trained = sum(p.numel() for network in pair for p in network.parameters())
    streams = (3 + dither) * stream(0, "latents").get_state().nbytes
    adam = 2 * torch.float32.itemsize * trained
    return replicas * (total + adam + streams) + HEADER * tensors


def replicas_at_once(model: ModelConfig, config: TrainConfig, width: int, shape: Shape, seeds: int, device: str) -> int:
    """How many replicas are trained together: all that PART_BYTES hold, at least one; one of a model of the user's.

    On a CPU those that convolve are no more than CONVOLVED, unless there are more seeds.
    """
    if model.own:
        return 1
    outputs = sum(size.outputs for size in sizes(model, width, shape).values())
    batch = max(config.batch, config.generator_batch or 0)
    held = max(1, PART_BYTES // (COPIES * outputs * batch * torch.float32.itemsize))
    return held if model.name == "mlp" or device != "cpu" else min(held, max(CONVOLVED, seeds))


def products_an_iteration(model: ModelConfig, config: TrainConfig, width: int, shape: Shape) -> int:
    """Products that the layers of one replica add up in an iteration, for each image of a batch.

    The generator makes images for every update of the critic, and in its own update takes two passes more, backward.
    """
    generator, critic = (size.products for size in sizes(model, width, shape).values())
    loss = LOSSES[config.loss]
    critic_update = generator + loss.critic_passes * critic
    return config.critic_steps * critic_update + 3 * generator + loss.generator_passes * critic
