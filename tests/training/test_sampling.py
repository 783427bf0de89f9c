"""Sampling by the batch's statistics, against PyTorch's own batch norm in training mode."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from overgan.models import ModelConfig
from overgan.models.layers import ReplicaBatchNorm
from overgan.training import Replicas, TrainConfig, generate, load_generator, stream

LATENT, BATCH = 5, 64  # of sampling


def gan(name, sampling_norm, seeds=(0, 1)):
    """After an iteration, so that running statistics, scales and offsets are not those of the start."""
    model = ModelConfig(name=name, latent=LATENT, sampling_norm=sampling_norm)
    replicas = Replicas(model, TrainConfig(batch=16, critic_steps=1, learning_rate=1e-2), 2, (32, 32, 3), list(seeds))
    generator = torch.Generator().manual_seed(0)
    replicas.iterate(torch.randint(256, (20, 32, 32, 3), dtype=torch.uint8, generator=generator))
    return replicas


@pytest.fixture(scope="module", params=["dcgan", "resnet"])
def by_batch(request):
    return gan(request.param, "batch")


def latents(seed, n):
    return torch.randn(n, LATENT, generator=stream(seed, "evaluation"))


def as_images(values):
    return ((values + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1)


@pytest.mark.parametrize("shape", [(3, 16, 6), (3, 2, 4, 4, 6, 16)])  # features; images in blocks
def test_the_layer_is_pytorchs_in_training_mode(shape):
    generator = torch.Generator().manual_seed(0)
    layer = ReplicaBatchNorm(3, 6).eval()
    layer.always_batch = True
    for tensor in (layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var):
        tensor.uniform_(0.5, 2, generator=generator)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    x = torch.randn(shape, generator=generator) * 3 + 1
    y = layer(x)
    channel = 1 if x.ndim == 3 else 4
    for replica in range(3):
        images = x[replica].movedim(channel - 1 if x.ndim == 6 else 1, 1).flatten(2) if x.ndim == 6 else x[replica]
        expected = functional.batch_norm(
            images, None, None, layer.weight[replica], layer.bias[replica], training=True, eps=1e-5
        )
        ours = y[replica].movedim(channel - 1, 1).flatten(2) if x.ndim == 6 else y[replica]
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)  # sums in another order
    assert all(torch.equal(value, before[key]) for key, value in layer.state_dict().items())


def test_images_of_the_dcgan_are_those_of_pytorchs_batch_norm():
    replicas = gan("dcgan", "batch")
    network = copy.deepcopy(replicas.generator).double()
    samples = replicas.sample(100)

    def norm(x, layer, row):
        return functional.batch_norm(x, None, None, layer.weight[row], layer.bias[row], training=True, eps=1e-5)

    with torch.no_grad():
        for row, seed in enumerate(replicas.seeds):
            parts = []
            for z in latents(seed, 2 * BATCH).double().split(BATCH):
                x = norm(z @ network.first.weight[row] + network.first.bias[row], network.norms[0], row)
                x = x.reshape(BATCH, -1, 4, 4)
                for i, layer in enumerate(network.layers):
                    x = norm(x, network.norms[i], row) if i else x
                    weight, bias = layer.weight[row], layer.bias[row]
                    x = functional.conv_transpose2d(x.relu(), weight, bias, 2, 2, output_padding=1)
                parts.append(as_images(x.tanh()))
            # where a value lies between two bytes, the rounding of float32 decides
            assert (samples[row].int() - torch.cat(parts)[:100].int()).abs().max() <= 1


def test_images_are_those_of_the_generator_in_training_mode(by_batch):
    samples = by_batch.sample(BATCH)
    z = torch.stack([latents(seed, BATCH) for seed in by_batch.seeds])
    with torch.no_grad():
        expected = as_images(copy.deepcopy(by_batch.generator).train()(z))
    assert torch.equal(samples, expected)  # the same computation


def test_an_image_does_not_depend_on_how_many_are_asked_for(by_batch):
    many = by_batch.sample(2 * BATCH + 1)
    for n in (1, 10, BATCH, BATCH + 1):
        assert torch.equal(by_batch.sample(n), many[:, :n])
    generator = load_generator(by_batch.model, 2, (32, 32, 3), 2, by_batch.tensors())
    assert torch.equal(generate(generator, by_batch.seeds, 10, by_batch.model), many[:, :10])


@pytest.mark.parametrize("n", [1, 3, 10, 17])
def test_nor_its_latents_where_the_number_of_values_is_no_multiple_of_16(n):
    replicas = gan("dcgan", "running")
    difference = replicas.sample(n).int() - replicas.sample(2 * BATCH)[:, :n].int()
    assert difference.abs().max() <= 1  # where a value lies between two bytes, sums in another order decide


def noisy(width, shape):
    """A model of one's own whose generator draws, as StyleGAN's does."""

    class Noise(nn.Module):
        def forward(self, x):
            return x + 0.3 * torch.randn_like(x)

    size = math.prod(shape)
    image = nn.Unflatten(1, (shape[2], *shape[:2]))
    generator = nn.Sequential(nn.Linear(LATENT, width), Noise(), nn.Linear(width, size), nn.Tanh(), image)
    return generator, nn.Sequential(nn.Flatten(), nn.Linear(size, 1), nn.Flatten(0))


def test_what_a_generator_of_ones_own_draws_is_its_own():
    model = ModelConfig(name=f"{__name__}:noisy", latent=LATENT)
    config = TrainConfig(batch=4, critic_steps=1)
    both, alone = (Replicas(model, config, 8, (4, 4, 1), seeds) for seeds in ([0, 1], [1]))
    torch.manual_seed(5)
    many = both.sample(70)
    torch.manual_seed(6)
    assert torch.equal(both.sample(70), many)
    assert torch.equal(both.sample(10), many[:, :10])
    assert torch.equal(alone.sample(70)[0], many[1])
    assert not torch.equal(many[0, :6], many[0, 64:])


def test_sampling_leaves_training_as_it_was(by_batch):
    before = {key: value.clone() for key, value in by_batch.tensors().items()}
    by_batch.sample(3)
    assert by_batch.generator.training
    assert all(torch.equal(value, before[key]) for key, value in by_batch.tensors().items())


def test_running_statistics_give_other_images(by_batch):
    name = by_batch.model.name
    assert not torch.equal(gan(name, "running").sample(BATCH), by_batch.sample(BATCH))
