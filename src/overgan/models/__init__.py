"""Generators and critics, parameterized by width and by replicas."""

from overgan.models._config import ModelConfig, build, networks, parameter_counts
from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator
from overgan.models._pixels import to_images, to_network

__all__ = [
    "MLPCritic",
    "MLPGenerator",
    "ModelConfig",
    "ReplicaLinear",
    "build",
    "networks",
    "parameter_counts",
    "to_images",
    "to_network",
]
