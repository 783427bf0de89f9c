"""The WGAN-GP step, the training loop of a group, and its checkpoints."""

from overgan.training._checkpoint import Checkpoint, load_tensors, read_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._gan import Gan, generate, load_generator
from overgan.training._loop import EVALUATIONS, LOG, NEIGHBOURS, PROGRESS, SAMPLES, train_group
from overgan.training._streams import Streams, stream
from overgan.training._wgan_gp import critic_loss, generator_loss, gradient_penalty

__all__ = [
    "EVALUATIONS",
    "LOG",
    "NEIGHBOURS",
    "PROGRESS",
    "SAMPLES",
    "Checkpoint",
    "Gan",
    "Streams",
    "TrainConfig",
    "critic_loss",
    "generate",
    "generator_loss",
    "gradient_penalty",
    "load_generator",
    "load_tensors",
    "read_checkpoint",
    "stream",
    "train_group",
]
