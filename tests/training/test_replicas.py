import math

import pytest
import torch
from torch import nn

from overgan.models import ModelConfig
from overgan.training import LOSSES, Replicas, TrainConfig, generate, load_generator, stream

MODEL = ModelConfig(name="mlp", latent=4, depth=2)


@pytest.fixture(scope="module")
def images(digits):
    return torch.from_numpy(digits.train)


def gan(seeds, width=16, **train):
    return Replicas(MODEL, TrainConfig(batch=8, learning_rate=1e-3, **train), width, (8, 8, 1), list(seeds))


def as_plain_layers(network, activation):
    layers = []
    for layer in network.layers:
        linear = nn.Linear(*layer.weight.shape[1:])
        linear.weight.data, linear.bias.data = layer.weight[0].T.clone().contiguous(), layer.bias[0, 0].clone()
        layers += [linear, activation]
    return layers[:-1]


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_iterations_are_those_of_the_textbook_loop(images, schedule):
    """Plain layers, plain Adam, one network, the losses written out."""
    ours = gan([7], iterations=6, critic_steps=2, schedule=schedule, betas=(0.5, 0.9))
    generator = nn.Sequential(*as_plain_layers(ours.generator, nn.ReLU()), nn.Tanh())
    critic = nn.Sequential(*as_plain_layers(ours.critic, nn.LeakyReLU(0.2)))
    adams = [torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.9)) for n in (critic, generator)]
    draws = {name: stream(7, name) for name in ("batches", "interpolation", "latents")}
    flat = images.reshape(len(images), 64).float() / 127.5 - 1

    for iteration in range(6):
        for adam in adams:
            adam.param_groups[0]["lr"] = 1e-3 * (1 - iteration / 6 if schedule == "linear" else 1)
        chosen = torch.randint(len(images), (2, 8), generator=draws["batches"])
        mixes = torch.rand((2, 8), generator=draws["interpolation"])
        latents = torch.randn((3, 8, 4), generator=draws["latents"])
        for step in range(2):
            real, fake = flat[chosen[step]], generator(latents[step]).detach()
            x = (real + mixes[step][:, None] * (fake - real)).requires_grad_()
            (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
            penalty = ((slope.pow(2).sum(1).sqrt() - 1) ** 2).mean()
            loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
            adams[0].zero_grad()
            loss.backward()
            adams[0].step()
        loss = -critic(generator(latents[2])).mean()
        adams[1].zero_grad()
        loss.backward()
        adams[1].step()
        losses = ours.iterate(images)
        assert losses["generator_loss"].item() == pytest.approx(loss.item(), rel=1e-3, abs=1e-5)

    for network, plain in ((ours.generator, generator), (ours.critic, critic)):
        linears = [layer for layer in plain if isinstance(layer, nn.Linear)]
        for layer, linear in zip(network.layers, linears, strict=True):
            # float32: Adam divides by the root of squares of small gradients, which amplifies their rounding
            torch.testing.assert_close(layer.weight[0], linear.weight.T, rtol=1e-4, atol=2e-5)
            torch.testing.assert_close(layer.bias[0, 0], linear.bias, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_run_alone_and_among_five_agree_after_50_iterations(images, loss):
    together, alone = gan(range(5), loss=loss), gan([3], loss=loss)
    for _ in range(50):
        together.iterate(images)
        alone.iterate(images)
    for name, network in together.by_name.items():
        for p, q in zip(network.parameters(), alone.by_name[name].parameters(), strict=True):
            assert torch.linalg.vector_norm(p[3] - q[0]) <= 1e-5 * torch.linalg.vector_norm(q[0])


def test_the_same_gan_gives_the_same_bits(images):
    first, second = gan([0, 1]), gan([0, 1])
    for _ in range(20):
        first.iterate(images)
        second.iterate(images)
    for name, tensor in first.tensors().items():
        assert torch.equal(tensor, second.tensors()[name]), name


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_restored_gan_goes_on_with_the_same_bits(images, loss):
    original = gan([0, 1], schedule="linear", iterations=20, loss=loss)
    for _ in range(7):
        original.iterate(images)
    restored = gan([0, 1], schedule="linear", iterations=20, loss=loss)
    restored.restore({k: v.clone() for k, v in original.tensors().items()}, 7)
    for _ in range(7):
        original.iterate(images)
        restored.iterate(images)
    for name, tensor in original.tensors().items():
        assert torch.equal(tensor, restored.tensors()[name]), name
    assert all(torch.equal(a, b) for k in original.moved() for a, b in [(original.moved()[k], restored.moved()[k])])


def test_the_others_go_on_as_before_when_a_replica_is_dropped(images):
    dropped, kept = gan([0, 1, 2]), gan([0, 1, 2])
    for _ in range(5):
        dropped.iterate(images)
        kept.iterate(images)
    dropped.keep(torch.tensor([True, False, True]))
    assert dropped.seeds == [0, 2]
    for _ in range(5):
        dropped.iterate(images)
        kept.iterate(images)
    for p, q in zip(dropped.generator.parameters(), kept.generator.parameters(), strict=True):
        torch.testing.assert_close(p, q[[0, 2]], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(dropped.moved()["moved_critic"], kept.moved()["moved_critic"][[0, 2]])


def test_a_replica_that_is_not_finite_leaves_the_others_alone(images):
    sick, well = gan([0, 1, 2]), gan([0, 1, 2])
    sick.critic.layers[1].weight.data[1] = math.nan
    for _ in range(5):
        losses = sick.iterate(images)
        well.iterate(images)
    assert losses["critic_loss"].isfinite().tolist() == [True, False, True]
    assert sick.finite.tolist() == [True, False, True]
    for p, q in zip(sick.generator.parameters(), well.generator.parameters(), strict=True):
        # a library may sum numbers beside a NaN in another order
        torch.testing.assert_close(p[[0, 2]], q[[0, 2]], rtol=1e-4, atol=1e-6)


def test_distance_from_initialization(images):
    one = gan([0])
    assert one.moved()["moved_generator"].item() == 0
    before = nn.utils.parameters_to_vector(one.generator.parameters()).double()
    for _ in range(3):
        one.iterate(images)
    after = nn.utils.parameters_to_vector(one.generator.parameters()).double()
    assert one.moved()["moved_generator"].item() == pytest.approx(((after - before).norm() / before.norm()).item())


def test_samples_are_the_generators_images_of_the_evaluation_stream():
    one = gan([5])
    samples = one.sample(700)
    assert samples.shape == (1, 700, 8, 8, 1)
    assert torch.equal(samples, one.sample(700))
    z = torch.randn(700, 4, generator=stream(5, "evaluation"))
    values = one.generator(z[None])[0].detach().flatten(1)
    expected = ((values + 1) * 127.5).round().byte().reshape(700, 8, 8, 1)
    # batches of another size round otherwise: at most one grey level
    assert (samples[0].int() - expected.int()).abs().max() <= 1


def test_a_checkpoints_generator_is_loaded_on_the_device_that_is_asked_for():
    one = gan([5, 6])
    generator = load_generator(MODEL, 16, (8, 8, 1), 2, one.tensors())
    assert torch.equal(generate(generator, [5, 6], 3, MODEL), one.sample(3))
    assert not any(p.requires_grad for p in generator.parameters())
    elsewhere = load_generator(MODEL, 16, (8, 8, 1), 2, one.tensors(), device="meta")
    assert {p.device.type for p in elsewhere.parameters()} == {"meta"}
