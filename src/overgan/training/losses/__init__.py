"""Losses by name, one a file."""

from overgan.registry import Registry
from overgan.training.losses._loss import Given, Loss, PerReplica

LOSSES = Registry("loss", Loss, {"wgan-gp": "overgan.training.losses._wgan_gp:WGAN_GP"})

__all__ = ["LOSSES", "Given", "Loss", "PerReplica"]
