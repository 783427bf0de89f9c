"""The training of the convolutional models: their layouts, batch norm and different batches."""

import copy

import pytest
import torch

from overgan.errors import OverganError
from overgan.models import ModelConfig, Part, to_network
from overgan.training import LOSSES, Given, Replicas, Streams, TrainConfig
from overgan.training._cost import replicas_at_once

MODELS = ("dcgan", "resnet")
LATENT, BATCH, GENERATOR_BATCH = 5, 16, 32


def random_images(pixels, channels):
    shape = 20, pixels, pixels, channels
    return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def images():
    return random_images(32, 3)


def gan(name, seeds, at_once=None, shape=(32, 32, 3), **config):
    config = {"batch": BATCH, "generator_batch": GENERATOR_BATCH, "critic_steps": 2, "learning_rate": 1e-3} | config
    train = TrainConfig(**config)
    replicas = Replicas(ModelConfig(name=name, latent=LATENT), train, 2, shape, seeds)
    replicas.at_once = at_once or replicas.at_once
    return replicas


@pytest.mark.parametrize(
    ("pixels", "channels", "iterations", "loss"),
    [
        (16, 1, 3, "wgan-gp"),
        (16, 1, 3, "relativistic"),
        (32, 3, 3, "wgan-gp"),
        pytest.param(128, 3, 1, "wgan-gp", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_iterations_are_those_of_a_loop_with_plain_adam(name, pixels, channels, iterations, loss):
    seeds, images = [0, 1] if pixels < 128 else [0], random_images(pixels, channels)
    ours = gan(name, seeds, shape=images.shape[1:], loss=loss)
    generator, critic = copy.deepcopy(ours.generator), copy.deepcopy(ours.critic)
    networks = Part(slice(None), generator, critic, torch.nn.Identity())  # images as they are, not in blocks
    loss = LOSSES[loss]
    adam = {
        network: torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999), foreach=False)
        for network in (generator, critic)
    }
    batches, mixes, latents = (Streams(seeds, s) for s in ("batches", "interpolation", "latents"))
    for _ in range(iterations):
        ours.iterate(images)
        chosen, mix = batches.integers(len(images), 2, BATCH), mixes.uniform(2, BATCH)
        z = latents.normal(3, GENERATOR_BATCH, LATENT)
        for step in range(2):
            fake = generator(z[:, step, :BATCH]).detach()
            real = to_network(images[chosen[:, step]])
            adam[critic].zero_grad()
            loss.critic(networks, real, fake, Given(mix[:, step], ours.config.gradient_penalty))[0].sum().backward()
            adam[critic].step()
        adam[generator].zero_grad()
        loss.generator(networks, lambda real=real: real, generator(z[:, 2])).sum().backward()
        adam[generator].step()
    if pixels == 128:
        # Adam's first steps are ± the rate: where a gradient is no more than rounding errors its sign is luck, which
        # deep networks make much of; a wrong gradient has half of the signs wrong
        for network, plain in ((ours.generator, generator), (ours.critic, critic)):
            for found, expected in zip(network.parameters(), plain.parameters(), strict=True):
                wrong = (found - expected).abs() > 1e-4
                assert found.ndim < 3 or wrong.float().mean() < 0.02
        return
    # what the networks compute, not their weights: a bias before batch norm has a gradient of rounding errors, which
    # Adam turns into steps of full size
    z, real = latents.normal(BATCH, LATENT), to_network(images[batches.integers(len(images), BATCH)])
    torch.testing.assert_close(ours.generator(z), generator(z), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(ours.critic(real), critic(real), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_a_restored_gan_goes_on_with_the_same_bits(name, images):
    original = gan(name, [0, 1])
    for _ in range(2):
        original.iterate(images)
    restored = gan(name, [0, 1])
    restored.restore({k: v.clone() for k, v in original.tensors().items()}, 2)
    for _ in range(2):
        original.iterate(images)
        restored.iterate(images)
    for key, tensor in original.tensors().items():
        assert torch.equal(tensor, restored.tensors()[key]), key


@pytest.mark.parametrize("name", MODELS)
def test_the_others_go_on_when_a_replica_is_dropped(name, images):
    dropped, kept = gan(name, [0, 1, 2]), gan(name, [0, 1, 2])
    for both in (dropped, kept):
        both.iterate(images)
    dropped.keep(torch.tensor([True, False, True]))
    for both in (dropped, kept):
        both.iterate(images)
    z = Streams([0, 1, 2], "evaluation").normal(BATCH, LATENT)
    torch.testing.assert_close(dropped.generator(z[[0, 2]]), kept.generator(z)[[0, 2]], rtol=1e-3, atol=1e-4)
    assert dropped.sample(3).shape == (2, 3, 32, 32, 3)


@pytest.mark.parametrize("name", MODELS)
def test_a_sample_does_not_depend_on_those_beside_it(name, images, monkeypatch):
    trained = gan(name, [0, 1])
    trained.iterate(images)
    together = trained.sample(7)
    monkeypatch.setattr("overgan.training._generate.GENERATE_CHUNK", 2)
    # one step of 255: where a value lies between two, the rounding of the sums decides
    assert (together.int() - trained.sample(7).int()).abs().max() <= 1
    assert trained.generator.training


@pytest.mark.parametrize("name", MODELS)
def test_replicas_may_be_trained_in_parts(name, images):
    # Adam makes full steps of gradients that are only rounding errors, so the steps are short
    whole, parts = (gan(name, [0, 1, 2], at_once, learning_rate=1e-5) for at_once in (None, 2))
    for _ in range(2):
        expected, losses = whole.iterate(images), parts.iterate(images)
    for key, values in losses.items():
        torch.testing.assert_close(values, expected[key], rtol=1e-4, atol=1e-4)
    z = Streams([0, 1, 2], "evaluation").normal(BATCH, LATENT)
    torch.testing.assert_close(parts.generator(z), whole.generator(z), rtol=1e-3, atol=1e-4)
    for key, buffer in whole.generator.named_buffers():  # batch norm's running statistics
        torch.testing.assert_close(parts.generator.get_buffer(key), buffer, rtol=1e-3, atol=1e-4)
    start = gan(name, [0, 1, 2], learning_rate=1e-5)
    for (key, now), before in zip(parts.critic.named_parameters(), start.critic.parameters(), strict=True):
        if key == "last.bias":  # its gradient is 0: it cancels between real and generated images
            continue
        assert (now != before).flatten(1).any(1).all(), key  # every replica was trained


def test_wide_networks_and_those_of_large_images_are_trained_in_parts():
    config, train = ModelConfig(name="resnet"), TrainConfig()
    counts = [replicas_at_once(config, train, width, (64, 64, 3), 5, "cuda") for width in (4, 32, 256)]
    assert counts == sorted(counts, reverse=True)
    by_pixels = [
        replicas_at_once(config, train, 4, (pixels, pixels, 1), 5, "cuda") for pixels in (16, 32, 64, 128, 256)
    ]
    assert by_pixels == sorted(by_pixels, reverse=True)
    assert by_pixels[-1] == 1
    assert counts[0] >= 5
    assert counts[-1] == 1


def test_convolutions_of_many_replicas_come_in_parts_on_a_cpu_but_not_those_of_many_seeds():
    train, shape = TrainConfig(), (32, 32, 3)
    by_seeds = [replicas_at_once(ModelConfig(name="dcgan"), train, 4, shape, seeds, "cpu") for seeds in (1, 5, 20)]
    assert by_seeds == [10, 10, 20]
    assert replicas_at_once(ModelConfig(name="mlp"), train, 4, shape, 5, "cpu") > 100


@pytest.mark.parametrize("name", [*MODELS, "mlp"])
def test_bfloat16_products_give_nearly_the_same_losses(name, images):
    # short steps, so that the losses are those of the same weights
    exact, rounded = (gan(name, [0, 1], precision=p, learning_rate=1e-6) for p in ("float32", "bf16-mixed"))
    expected, losses = exact.iterate(images), rounded.iterate(images)
    assert all(p.dtype == torch.float32 for p in rounded.critic.parameters())
    for key, values in losses.items():
        assert not torch.equal(values, expected[key]), key
        # a bfloat16 number is within 2^-9 of what it stands for; a score passes through no more than 20 layers
        assert (values - expected[key]).abs().max() <= 20 / 512 * max(1, expected[key].abs().max()), key


@pytest.mark.parametrize(("name", "pixels"), [("dcgan", 16), ("dcgan", 32), ("dcgan", 64), ("resnet", 16)])
def test_one_image_an_update_is_refused_where_a_norm_is_over_the_images_alone(name, pixels):
    images = random_images(pixels, 1)
    if name == "dcgan" and pixels <= 32:
        for batch in ({"batch": 1}, {"generator_batch": 1}):
            with pytest.raises(OverganError, match=rf"is 1, but the dcgan of {pixels} pixels .*set it to 2 or more"):
                gan(name, [0], shape=images.shape[1:], **batch)
    else:
        one = gan(name, [0], shape=images.shape[1:], batch=1, generator_batch=1, critic_steps=1)
        one.iterate(images)
        assert one.finite.all()
