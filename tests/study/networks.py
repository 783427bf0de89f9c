"""Pairs of networks for tests: trained for an iteration or two, then looked at without a study's folder."""

import numpy as np
import torch
from torch import nn

from overgan.study import parse_spec
from overgan.study.gan.networks import Batch, Pair
from overgan.training import Replicas


def trained(shape=(8, 8, 1), width=2, iterations=2, **train):
    """A pair of an MLP, or another model, after some iterations on noise, and the group that it is the last run of."""
    model = {"latent": 2, "depth": 1} | train.pop("model", {"name": "mlp"})
    train = {"iterations": 10, "batch": 4, "learning_rate": 5e-2, "critic_steps": 1, "log_every": 1} | train
    keys = {"name": "pair", "data": {"name": "digits"}, "model": model, "widths": [width], "seeds": [3, 5]}
    spec = parse_spec(keys | {"train": train, "evaluate": {"features": ["pixels"]}}, "test")
    replicas = Replicas(spec.model, spec.train, width, shape, spec.seeds)
    images = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    for _ in range(iterations):
        replicas.iterate(torch.from_numpy(images))
    place = len(replicas.runs) - 1
    run, tensors = replicas.runs[place], replicas.tensors()
    return Pair.of(spec, width, shape, run, tensors, place, Batch.of(spec, images)), replicas


class Constant(nn.Module):
    """A generator whose images are its weights, whatever the latents."""

    def __init__(self, shape):
        super().__init__()
        height, width, channels = shape
        self.image = nn.Parameter(torch.randn(channels, height, width))

    def forward(self, z):
        return self.image.expand(len(z), *self.image.shape)


class Linear(nn.Module):
    """A critic whose score is the product of its weights with the pixels, each of another scale."""

    def __init__(self, shape):
        super().__init__()
        height, width, channels = shape
        self.weight = nn.Parameter(torch.randn(channels * height * width))
        self.register_buffer("scale", torch.arange(1.0, 1 + channels * height * width))

    def forward(self, x):
        return x.flatten(1) @ (self.scale * self.weight)


def bilinear(_width, shape):
    return Constant(shape), Linear(shape)


class Rounding(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return grad


class Once(Constant):
    """A generator with a layer that can be differentiated once alone, which is enough to train it."""

    def forward(self, z):
        return Rounding.apply(super().forward(z))


def once(_width, shape):
    return Once(shape), Linear(shape)


def smooth(width, shape):
    """Networks whose second derivatives are nowhere zero, unlike those with ReLU."""
    height, columns, channels = shape
    pixels = height * columns * channels
    generator = nn.Sequential(nn.Linear(2, pixels), nn.Tanh(), nn.Unflatten(1, (channels, height, columns)))
    critic = nn.Sequential(nn.Flatten(), nn.Linear(pixels, width), nn.Tanh(), nn.Linear(width, 1), nn.Flatten(0))
    return generator, critic
