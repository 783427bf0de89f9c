"""Generators and critics, one architecture a file, behind one face."""

from overgan.models.nets._dcgan import DCGANCritic, DCGANGenerator
from overgan.models.nets._face import Images, Networks, Part
from overgan.models.nets._mlp import MLPCritic, MLPGenerator
from overgan.models.nets._own import OneByOne, check_own, own_networks
from overgan.models.nets._resnet import ResNetCritic, ResNetGenerator

__all__ = [
    "DCGANCritic",
    "DCGANGenerator",
    "Images",
    "MLPCritic",
    "MLPGenerator",
    "Networks",
    "OneByOne",
    "Part",
    "ResNetCritic",
    "ResNetGenerator",
    "check_own",
    "own_networks",
]
