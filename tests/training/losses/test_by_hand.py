"""The losses against plain layers of one network and the formulas of the papers, differentiated by PyTorch."""

import pytest
import torch
from torch import nn

from overgan.models import ModelConfig, build
from overgan.training import LOSSES, Given, stream

REPLICAS, LATENT, BATCH, SHAPE, GAMMA = 3, 4, 6, (4, 3, 2), 3.0


def squared(slopes):
    return slopes.flatten(1).square().sum(1).mean()


def wgan_gp(real, fake, slope_at_real, slope_at_fake, slope_between):
    return fake.mean() - real.mean() + GAMMA * (slope_between.flatten(1).norm(dim=1) - 1).square().mean()


def hinge(real, fake, slope_at_real, slope_at_fake, slope_between):
    zero = torch.zeros(())
    return torch.max(zero, 1 - real).mean() + torch.max(zero, 1 + fake).mean() + GAMMA / 2 * squared(slope_at_real)


def non_saturating(real, fake, slope_at_real, slope_at_fake, slope_between):
    log_likelihood = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
    return -log_likelihood + GAMMA / 2 * squared(slope_at_real)


def relativistic(real, fake, slope_at_real, slope_at_fake, slope_between):
    penalty = squared(slope_at_real) + squared(slope_at_fake)
    return -(real - fake).sigmoid().log().mean() + GAMMA / 2 * penalty


CRITICS = {"wgan-gp": wgan_gp, "hinge": hinge, "non-saturating": non_saturating, "relativistic": relativistic}
GENERATORS = {
    "wgan-gp": lambda real, fake: -fake.mean(),
    "hinge": lambda real, fake: -fake.mean(),
    "non-saturating": lambda real, fake: -fake.sigmoid().log().mean(),
    "relativistic": lambda real, fake: -(fake - real).sigmoid().log().mean(),
}


def plain(network, replica, activation):
    """The layers of one replica as PyTorch's."""
    layers, parameters = [], iter(network.parameters())
    for weight, bias in zip(parameters, parameters, strict=True):
        linear = nn.Linear(*weight.shape[1:]).double()
        linear.weight.data, linear.bias.data = weight[replica].T.clone(), bias[replica, 0].clone()
        layers += [linear, activation]
    return nn.Sequential(*layers[:-1])


def gradients_agree(network, replica, layers):
    for ours, theirs in zip(network.parameters(), layers.parameters(), strict=True):
        expected = theirs.grad.T if theirs.ndim == 2 else theirs.grad[None]
        torch.testing.assert_close(ours.grad[replica], expected, rtol=1e-9, atol=1e-13)


@pytest.fixture
def networks():
    streams = [stream(seed, "initialization") for seed in range(REPLICAS)]
    networks = build(ModelConfig(name="mlp", latent=LATENT), 6, SHAPE, streams)
    for network in networks:
        network.double()
        for parameter in network.parameters():
            parameter.data *= 2  # so that some scores are beyond the hinge's corners
    return networks


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("name", list(LOSSES))
def test_the_critics_loss_and_its_gradient(name, networks):
    height, width, channels = SHAPE
    real, fake = draw(2, REPLICAS, BATCH, channels, height, width).tanh()
    mix = torch.rand(REPLICAS, BATCH, generator=torch.Generator().manual_seed(1)).double()
    (part,) = networks.parts(REPLICAS, REPLICAS)
    loss, *logged = LOSSES[name].critic(part, real, fake, Given(mix, GAMMA))
    loss.sum().backward()
    for r in range(REPLICAS):
        critic = plain(networks.critic, r, nn.LeakyReLU(0.2))
        between = real[r] + mix[r].reshape(-1, 1, 1, 1) * (fake[r] - real[r])
        points = [images.clone().requires_grad_() for images in (real[r], fake[r], between)]
        scores = [critic(images.flatten(1))[:, 0] for images in points]
        slopes = [torch.autograd.grad(s.sum(), x, create_graph=True)[0] for s, x in zip(scores, points, strict=True)]
        expected = CRITICS[name](*scores[:2], *slopes)
        expected.backward()
        torch.testing.assert_close(loss[r], expected)
        gradients_agree(networks.critic, r, critic)
        values = dict(zip(LOSSES[name].logs, logged, strict=True))
        margin = values.pop("wasserstein" if name == "wgan-gp" else "margin")
        torch.testing.assert_close(margin[r], scores[0].mean() - scores[1].mean())
        for key, images in {"r1": 0, "r2": 1}.items():
            torch.testing.assert_close(
                values.pop(key, [squared(slopes[images])] * REPLICAS)[r], squared(slopes[images])
            )
        assert set(values) == ({"gradient_penalty"} if name == "wgan-gp" else set())


@pytest.mark.parametrize("more", [1, 2])
@pytest.mark.parametrize("name", list(LOSSES))
def test_the_generators_loss_and_its_gradient(name, more, networks):
    """Of as many generated images as real ones, and of twice as many."""
    height, width, channels = SHAPE
    real, latents = draw(REPLICAS, BATCH, channels, height, width).tanh(), draw(REPLICAS, more * BATCH, LATENT)
    (part,) = networks.parts(REPLICAS, REPLICAS)
    loss = LOSSES[name].generator(part, lambda: real, part.generate(latents))
    loss.sum().backward()
    for r in range(REPLICAS):
        generator, critic = plain(networks.generator, r, nn.ReLU()), plain(networks.critic, r, nn.LeakyReLU(0.2))
        of_fake = critic(generator(latents[r]).tanh())[:, 0]
        expected = GENERATORS[name](critic(real[r].flatten(1))[:, 0].repeat(more), of_fake)
        expected.backward()
        torch.testing.assert_close(loss[r], expected)
        gradients_agree(networks.generator, r, generator)
