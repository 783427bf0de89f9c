"""Losses by name, and what the loop does with one that is not overgan's."""

import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError

from overgan.errors import OverganError
from overgan.models import ModelConfig
from overgan.training import LOSSES, Given, Loss, Replicas, TrainConfig, products_an_iteration

SHAPE, BATCH = (8, 8, 1), 8


def relativistic_critic(networks, real, fake, given: Given):
    """E softplus(D(x̃) − D(x)) + λ/2 E ‖∇D(x)‖² (Huang et al., 2024)."""
    difference = networks.score(fake) - networks.score(real)
    slope = networks.slope(real).flatten(2, 4).square().sum(2).flatten(1).mean(1)
    return torch.nn.functional.softplus(difference).mean(1) + given.penalty_weight / 2 * slope, slope


def relativistic_generator(networks, real, fake):
    difference = networks.score(real()) - networks.score(fake)
    return torch.nn.functional.softplus(difference).mean(1)


RELATIVISTIC = Loss(relativistic_critic, relativistic_generator, ("slope",), critic_passes=10, generator_passes=3)
NAME = f"{__name__}:RELATIVISTIC"


def test_every_loss_says_what_it_costs_and_logs():
    for name in LOSSES:
        loss = LOSSES[name]
        assert min(loss.critic_passes, loss.generator_passes) >= 1
        assert all(key.isidentifier() for key in loss.logs)


def test_the_default_is_the_one_that_studies_had_before_there_were_others():
    assert TrainConfig.model_validate({}).loss == "wgan-gp"


def test_specs_and_the_names_of_losses_do_without_pytorch():
    code = (
        "import sys\n"
        "from overgan.models import ModelConfig\n"
        "from overgan.training import LOSSES, TrainConfig\n"
        "ModelConfig(name='mlp'), TrainConfig(), list(LOSSES)\n"
        "assert not {'torch', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_loss_is_refused_with_those_there_are():
    with pytest.raises(ValidationError, match=r"no loss wgan; did you mean wgan-gp\?"):
        TrainConfig(loss="wgan")
    with pytest.raises(OverganError, match="loss: nowhere:loss cannot be imported"):
        Replicas(ModelConfig(name="mlp", latent=4), TrainConfig(loss="nowhere:loss"), 4, SHAPE, [0])
    with pytest.raises(OverganError, match="NAME is a str; a Loss is needed"):
        _ = LOSSES[f"{__name__}:NAME"]


def test_a_loss_of_the_users_is_trained_with_and_logged():
    images = torch.randint(256, (20, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    config = TrainConfig(loss=NAME, batch=BATCH, critic_steps=1, learning_rate=1e-3)
    replicas = Replicas(ModelConfig(name="mlp", latent=4), config, 8, SHAPE, [0, 1])
    first = replicas.iterate(images)
    assert list(first) == ["critic_loss", "slope", "generator_loss"]
    for _ in range(20):
        last = replicas.iterate(images)
    assert (last["critic_loss"] < first["critic_loss"]).all()
    assert replicas.finite.all()


def test_the_generator_sees_the_real_images_of_the_critics_last_update():
    seen = {"critic": [], "generator": []}

    def critic(networks, real, fake, _given):
        seen["critic"].append(real)
        return (networks.score(fake).mean(1) - networks.score(real).mean(1),)

    def generator(networks, real, fake):
        seen["generator"].append(real())
        return -networks.score(fake).mean(1)

    images = torch.randint(256, (20, *SHAPE), dtype=torch.uint8)
    replicas = Replicas(ModelConfig(name="mlp", latent=4), TrainConfig(batch=BATCH, critic_steps=2), 8, SHAPE, [0, 1])
    replicas.loss = Loss(critic, generator, (), 1, 1)
    replicas.iterate(images)
    assert len(seen["critic"]) == 2
    assert torch.equal(seen["generator"][0], seen["critic"][1])  # the same numbers, not computed but chosen


def test_the_products_of_an_iteration_by_hand():
    """An mlp of width 1: a generator of 4 + 1 + 64 products, a critic of 64 + 1 + 1."""
    model, config = ModelConfig(name="mlp", latent=4), TrainConfig(critic_steps=5)
    generator, critic = 4 + 1 + 64, 64 + 1 + 1
    expected = 5 * (generator + 11 * critic) + 3 * generator + 2 * critic
    assert products_an_iteration(model, config, 1, SHAPE) == expected
    expected = 5 * (generator + 10 * critic) + 3 * generator + 3 * critic
    assert products_an_iteration(model, TrainConfig(loss=NAME, critic_steps=5), 1, SHAPE) == expected
