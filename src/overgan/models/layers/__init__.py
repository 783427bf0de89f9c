"""Layers with a replica axis, and how images lie between them."""

from overgan.models.layers._blocks import Lanes, fold, unfold
from overgan.models.layers._conv import ReplicaConv2d, ReplicaConvTranspose2d, input_gradients_only
from overgan.models.layers._leaky_relu import leaky_relu
from overgan.models.layers._linear import ReplicaLinear, scores
from overgan.models.layers._norm import ReplicaBatchNorm, ReplicaLayerNorm
from overgan.models.layers._resample import down, up

__all__ = [
    "Lanes",
    "ReplicaBatchNorm",
    "ReplicaConv2d",
    "ReplicaConvTranspose2d",
    "ReplicaLayerNorm",
    "ReplicaLinear",
    "down",
    "fold",
    "input_gradients_only",
    "leaky_relu",
    "scores",
    "unfold",
    "up",
]
