"""The training of a group's replicas, and its checkpoints."""

from overgan.training._checkpoint import Checkpoint, load_tensors, read_checkpoint
from overgan.training._config import TrainConfig
from overgan.training._cost import products_an_iteration
from overgan.training._loop import EVALUATIONS, LOG, NEIGHBOURS, PROGRESS, SAMPLES, Group, train_group
from overgan.training._replicas import Replicas, generate, load_generator
from overgan.training._streams import Streams, stream
from overgan.training.losses import LOSSES, Given, Loss

__all__ = [
    "EVALUATIONS",
    "LOG",
    "LOSSES",
    "NEIGHBOURS",
    "PROGRESS",
    "SAMPLES",
    "Checkpoint",
    "Given",
    "Group",
    "Loss",
    "Replicas",
    "Streams",
    "TrainConfig",
    "generate",
    "load_generator",
    "load_tensors",
    "products_an_iteration",
    "read_checkpoint",
    "stream",
    "train_group",
]
