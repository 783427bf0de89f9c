"""Generators and critics, parameterized by width and by replicas."""

from overgan.models._config import ModelConfig, build, networks, parameter_counts, sizes
from overgan.models._conv import ReplicaConv2d, ReplicaConvTranspose2d, fold, input_gradients_only
from overgan.models._dcgan import DCGANCritic, DCGANGenerator
from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator
from overgan.models._norm import ReplicaBatchNorm, ReplicaLayerNorm
from overgan.models._pixels import to_images, to_network
from overgan.models._resnet import ResNetCritic, ResNetGenerator

__all__ = [
    "DCGANCritic",
    "DCGANGenerator",
    "MLPCritic",
    "MLPGenerator",
    "ModelConfig",
    "ReplicaBatchNorm",
    "ReplicaConv2d",
    "ReplicaConvTranspose2d",
    "ReplicaLayerNorm",
    "ReplicaLinear",
    "ResNetCritic",
    "ResNetGenerator",
    "build",
    "fold",
    "input_gradients_only",
    "networks",
    "parameter_counts",
    "sizes",
    "to_images",
    "to_network",
]
