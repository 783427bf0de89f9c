"""The losses against networks and gradients written out by hand, one replica and one image at a time."""

import pytest
import torch
from torch import nn

from overgan.models import ModelConfig, Part, build
from overgan.training import LOSSES, Given, stream
from overgan.training.losses._wgan_gp import gradient_penalty

REPLICAS, BATCH, SHAPE = 3, 5, (4, 3, 2)


def networks(critic):
    return Part(slice(None), nn.Identity(), critic, nn.Identity())


@pytest.fixture
def setting():
    _, critic = build(ModelConfig(name="mlp"), 6, SHAPE, [stream(s, "initialization") for s in range(REPLICAS)])
    random = torch.Generator().manual_seed(0)
    real, fake = (torch.rand(REPLICAS, BATCH, 2, 4, 3, generator=random) * 2 - 1 for _ in range(2))
    return critic.double(), real.double(), fake.double(), torch.rand(REPLICAS, BATCH, generator=random).double()


def weights_of(critic, replica):
    """Leaf copies of one replica's weights."""
    return [p[replica].detach().clone().requires_grad_() for p in critic.parameters()]


def score(weights, x):
    """The critic of one flat image x, and its gradient in x by the chain rule, both differentiable in the weights."""
    w1, b1, w2, b2, w3, b3 = weights
    h1 = x @ w1 + b1[0]
    a1 = torch.where(h1 > 0, h1, 0.2 * h1)
    h2 = a1 @ w2 + b2[0]
    a2 = torch.where(h2 > 0, h2, 0.2 * h2)
    back = torch.where(h2 > 0, w3[:, 0], 0.2 * w3[:, 0])
    back = w2 @ back
    back = torch.where(h1 > 0, back, 0.2 * back)
    return (a2 @ w3 + b3[0])[0], w1 @ back


def by_hand(weights, real, fake, mix):
    real, fake = real.flatten(1), fake.flatten(1)
    n = len(real)
    wasserstein = sum(score(weights, real[i])[0] - score(weights, fake[i])[0] for i in range(n)) / n
    points = [(1 - mix[i]) * real[i] + mix[i] * fake[i] for i in range(n)]
    penalty = sum((score(weights, x)[1].pow(2).sum().sqrt() - 1) ** 2 for x in points) / n
    return wasserstein, penalty


def test_the_gradient_penalty_and_its_gradient(setting):
    critic, real, fake, mix = setting
    penalty = gradient_penalty(networks(critic), real, fake, mix)
    penalty.sum().backward()
    for r in range(REPLICAS):
        weights = weights_of(critic, r)
        _, expected = by_hand(weights, real[r], fake[r], mix[r])
        torch.testing.assert_close(penalty[r], expected, rtol=1e-12, atol=0)
        expected.backward()
        for ours, theirs in zip(critic.parameters(), weights, strict=True):
            if theirs.grad is None:  # the slope does not depend on the biases
                assert ours.grad is None or not ours.grad[r].any()
            else:
                torch.testing.assert_close(ours.grad[r], theirs.grad, rtol=1e-10, atol=1e-14)


def test_the_critics_loss_and_its_gradient(setting):
    critic, real, fake, mix = setting
    loss, wasserstein, penalty = LOSSES["wgan-gp"].critic(networks(critic), real, fake, Given(mix, penalty_weight=10.0))
    loss.sum().backward()
    for r in range(REPLICAS):
        weights = weights_of(critic, r)
        expected_wasserstein, expected_penalty = by_hand(weights, real[r], fake[r], mix[r])
        expected = -expected_wasserstein + 10 * expected_penalty
        torch.testing.assert_close(wasserstein[r], expected_wasserstein)
        torch.testing.assert_close(penalty[r], expected_penalty)
        torch.testing.assert_close(loss[r], expected)
        expected.backward()
        for ours, theirs in zip(critic.parameters(), weights, strict=True):
            torch.testing.assert_close(ours.grad[r], theirs.grad, rtol=1e-10, atol=1e-14)


def test_the_generators_loss(setting):
    critic, real, fake, _ = setting
    expected = [-sum(score(weights_of(critic, r), x)[0] for x in fake[r].flatten(1)) / BATCH for r in range(REPLICAS)]
    torch.testing.assert_close(LOSSES["wgan-gp"].generator(networks(critic), lambda: real, fake), torch.stack(expected))


def test_a_critic_without_slope_has_penalty_one_and_finite_gradients(setting):
    critic, real, fake, mix = setting
    for p in critic.parameters():
        p.data.zero_()
    penalty = gradient_penalty(networks(critic), real, fake, mix)
    penalty.sum().backward()
    assert penalty.tolist() == [1.0] * REPLICAS
    assert all(p.grad.isfinite().all() for p in critic.parameters() if p.grad is not None)
