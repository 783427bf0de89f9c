"""Real images that are dithered in training: their distribution, and what it depends on."""

import numpy as np
import pytest
import torch
from scipy import stats

from overgan.models import ModelConfig
from overgan.training import LOSSES, Loss, Replicas, TrainConfig

MODEL = ModelConfig(name="mlp", latent=4)
BATCH, STEPS = 16, 3


@pytest.fixture(scope="module")
def images():
    return torch.randint(256, (50, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def gan(seeds, dither=True, at_once=None):
    train = TrainConfig(batch=BATCH, critic_steps=STEPS, learning_rate=1e-3)
    replicas = Replicas(MODEL, train, 8, (8, 8, 3), seeds, dither=dither)
    replicas.at_once = at_once or replicas.at_once
    return replicas


def seen(replicas, images, iterations=1):
    """Real images of the critic's updates, and those that are given to the generator's, (replicas, images, c, h, w)."""
    of_critic, of_generator = [], []

    def critic(networks, real, fake, given):
        of_critic.append(real)
        return LOSSES["wgan-gp"].critic(networks, real, fake, given)

    def generator(networks, real, fake):
        of_generator.append(real())
        return LOSSES["wgan-gp"].generator(networks, real, fake)

    replicas.loss = Loss(critic, generator, LOSSES["wgan-gp"].logs, 1, 1)
    for _ in range(iterations):
        replicas.iterate(images)
    return torch.cat(of_critic, 1), torch.cat(of_generator, 1)


def test_a_byte_is_uniform_in_its_interval(images):
    iterations = 4
    real, _ = seen(gan([3]), images, iterations)
    levels = 128 * (real[0].double().numpy() + 1)
    places = levels - np.floor(levels)
    # a statistic above 2 / √n has a probability of 2 exp(-8), if the numbers are uniform
    assert stats.kstest(places.ravel(), "uniform").statistic < 2 / places.size**0.5
    # no image, colour, row, column, update or iteration has the places of the one before: the standard error of a
    # correlation is 1 / √n
    for axis, step in ((0, 1), (1, 1), (2, 1), (3, 1), (0, BATCH), (0, STEPS * BATCH)):
        before, after = (np.moveaxis(places, axis, 0)[part] for part in (slice(-step), slice(step, None)))
        assert abs(np.corrcoef(before.ravel(), after.ravel())[0, 1]) < 5 / before.size**0.5
    # without the places these are the images that are drawn without dither; x + u may have been rounded to x + 1
    plain, _ = seen(gan([3], dither=False), images, iterations)
    bytes_of_plain = np.rint(127.5 * (plain[0].double().numpy() + 1))
    np.testing.assert_array_equal(np.floor(levels)[places > 0], bytes_of_plain[places > 0])


def test_the_generators_real_images_are_those_of_the_critics_last_update(images):
    real, again = seen(gan([3, 4]), images)
    assert torch.equal(real[:, -BATCH:], again)


def test_a_replicas_dither_does_not_depend_on_its_companions(images):
    alone, _ = seen(gan([3]), images)
    together, _ = seen(gan([2, 3, 4]), images)
    assert torch.equal(together[1], alone[0])
    dropped = gan([2, 3, 4])
    dropped.keep(torch.tensor([False, True, False]))
    assert torch.equal(seen(dropped, images)[0], alone)


def test_a_restored_gan_goes_on_with_the_same_bits(images):
    original, restored = gan([0, 1]), gan([0, 1])
    original.iterate(images)
    restored.restore({k: v.clone() for k, v in original.tensors().items()}, 1)
    for replicas in (original, restored):
        replicas.iterate(images)
    for key, tensor in original.tensors().items():
        assert torch.equal(tensor, restored.tensors()[key]), key


def test_a_gan_without_dither_has_no_stream_of_it(images):
    """So that its checkpoints are those of before there was dither."""
    assert "streams.dither" not in gan([0], dither=False).tensors()


def test_replicas_in_parts_have_their_own_dither(images):
    replicas = gan([0, 1, 2], at_once=2)
    of_parts = []
    wgan = LOSSES["wgan-gp"]

    def critic(networks, real, fake, given):
        of_parts.append(real)
        return wgan.critic(networks, real, fake, given)

    replicas.loss = Loss(critic, wgan.generator, wgan.logs, 1, 1)
    replicas.iterate(images)
    whole, _ = seen(gan([0, 1, 2]), images)
    first, last = of_parts[:2]
    assert torch.equal(torch.cat([first, last]), whole[:, :BATCH])
