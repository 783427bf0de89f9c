"""Generators and critics, parameterized by width and by replicas."""

from overgan.models._config import ModelConfig, build, parameter_count
from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator
from overgan.models._pixels import to_images, to_network

__all__ = [
    "MLPCritic",
    "MLPGenerator",
    "ModelConfig",
    "ReplicaLinear",
    "build",
    "parameter_count",
    "to_images",
    "to_network",
]
