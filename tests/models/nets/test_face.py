"""The one face of all networks: the same questions whatever they are made of."""

import math

import pytest
import torch
from torch import nn

from overgan.models import ModelConfig, build
from overgan.training import stream

REPLICAS, BATCH, LATENT = 3, 16, 4


def own(width, shape):
    size = math.prod(shape)
    return (
        nn.Sequential(nn.Linear(LATENT, size), nn.Tanh(), nn.Unflatten(1, (shape[2], *shape[:2]))),
        nn.Sequential(nn.Flatten(), nn.Linear(size, width), nn.Softplus(), nn.Linear(width, 1), nn.Flatten(0)),
    )


@pytest.mark.parametrize("at_once", [1, 2, REPLICAS])
@pytest.mark.parametrize("name", ["mlp", "dcgan", "resnet", f"{__name__}:own"])
def test_parts_generate_score_and_differentiate_their_replicas(name, at_once):
    shape = (32, 32, 3)
    streams = [stream(seed, "initialization") for seed in range(REPLICAS)]
    networks = build(ModelConfig(name=name, latent=LATENT), 2, shape, streams)
    generator, critic = networks
    z = torch.randn(REPLICAS, BATCH, LATENT, generator=torch.Generator().manual_seed(0))
    x = generator(z).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x)
    seen = []
    for part in networks.parts(REPLICAS, at_once):
        generator.train()
        images = part.generate(z[part.rows])
        for mine, other in (
            (images, part.fold(x[part.rows])),
            (part.score(part.fold(x[part.rows])), critic(x)[part.rows]),
            (part.slope(part.fold(x[part.rows])), part.fold(slope[part.rows])),
        ):
            # sums of some thousand products, grouped otherwise
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
        seen += list(range(REPLICAS))[part.rows]
        total = part.slope(part.fold(x[part.rows])).square().sum()
        weights = next(p for p in part.parameters["critic"] if p.ndim > 2)
        own = next(p for p in critic.parameters() if p.ndim > 2)[part.rows]
        assert weights.data_ptr() == own.data_ptr()
        assert torch.equal(weights, own)
        (gradient,) = torch.autograd.grad(total, [weights])
        assert gradient.flatten(1).any(1).all()
    assert seen == list(range(REPLICAS))
