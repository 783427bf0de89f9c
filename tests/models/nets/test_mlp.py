import pytest
import torch
from torch import nn

from overgan.models import ModelConfig, build, parameter_counts, to_images, to_network
from overgan.models.nets import MLPCritic, MLPGenerator
from overgan.training import stream

SHAPE = (8, 6, 3)


def alone(network, replica, end):
    """One replica as plain PyTorch layers."""
    layers = []
    for layer in network.layers:
        linear = nn.Linear(*layer.weight.shape[1:])
        linear.weight.data, linear.bias.data = layer.weight[replica].T, layer.bias[replica, 0]
        layers += [linear, nn.LeakyReLU(0.2) if end is None else nn.ReLU()]
    return nn.Sequential(*layers[:-1], *([end] if end else []))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_replica_computes_what_plain_layers_compute(depth):
    model = ModelConfig(name="mlp", latent=5, depth=depth)
    generator, critic = build(model, 7, SHAPE, [stream(seed, "initialization") for seed in range(3)])
    z = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    images = generator(z)
    assert images.shape == (3, 4, 3, 8, 6)
    scores = critic(images)
    assert scores.shape == (3, 4)
    for replica in range(3):
        expected = alone(generator, replica, nn.Tanh())(z[replica])
        torch.testing.assert_close(images[replica].flatten(1), expected)
        expected = alone(critic, replica, None)(images[replica].flatten(1))
        torch.testing.assert_close(scores[replica], expected[:, 0])


def test_initialization_depends_on_the_replicas_own_seed_alone():
    model = ModelConfig(name="mlp", latent=5)
    together = build(model, 7, SHAPE, [stream(seed, "initialization") for seed in (3, 1, 4)])
    by_itself = build(model, 7, SHAPE, [stream(1, "initialization")])
    for ours, theirs in zip(together, by_itself, strict=True):
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(p[1], q[0])
            assert p.ndim < 3 or p.shape[1] == 1 or not torch.equal(p[0], p[1])


def test_weights_are_glorot_uniform():
    generator, _ = build(ModelConfig(name="mlp", latent=300), 500, (8, 8, 1), [stream(0, "initialization")])
    weight = generator.layers[0].weight
    bound = (6 / (300 + 500)) ** 0.5
    assert weight.abs().max() <= bound
    # of 150,000 uniform numbers the standard deviation is within 1 % of bound / √3
    assert abs(weight.std().item() / (bound / 3**0.5) - 1) < 0.01


@pytest.mark.parametrize("k", [1, 2, 128])
def test_parameter_counts_are_those_of_the_formula(k):
    latent, pixels, depth = 5, 8 * 6 * 3, 2
    counts = parameter_counts(ModelConfig(name="mlp", latent=latent, depth=depth), k, SHAPE)
    assert counts["generator"] == (latent + 1) * k + (k + 1) * k + (k + 1) * pixels
    assert counts["critic"] == (pixels + 1) * k + (k + 1) * k + (k + 1)


def test_networks_take_any_number_of_images():
    generator, critic = MLPGenerator(2, 5, 3, 2, SHAPE), MLPCritic(2, 3, 2, SHAPE)
    assert critic(generator(torch.zeros(2, 0, 5))).shape == (2, 0)


def test_pixels_survive_the_way_to_the_network_and_back():
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 8, 8, 4)
    values = to_network(images)
    assert values.shape == (1, 4, 8, 8)
    assert (values.min(), values.max()) == (-1, 1)
    assert torch.equal(to_images(values), images)
    assert to_images(torch.full((1, 1, 1), 7.0)).item() == 255


def test_dithered_bytes_fill_their_intervals_and_are_read_back():
    images = torch.arange(256, dtype=torch.uint8).repeat(1024, 1)[..., None]  # h, w, c
    places = torch.arange(1024)[:, None, None].expand(-1, 256, 1) / 1024  # of so few digits that nothing is rounded
    values = to_network(images, places)
    expected = torch.arange(256)[None] / 128 - 1 + torch.arange(1024)[:, None] / 1024 / 128
    assert torch.equal(values[0], expected)
    assert torch.equal(to_images(values, dithered=True), images)
    assert to_images(torch.tensor([[[1.0, -1.0, 7.0, -7.0]]]), dithered=True).flatten().tolist() == [255, 0, 255, 0]
