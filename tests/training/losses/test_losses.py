"""Losses by name, and what the loop does with one that is not overgan's."""

import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from overgan.errors import OverganError
from overgan.metrics import Reference, feature_space
from overgan.models import ModelConfig, build
from overgan.study import KINDS, parse_spec
from overgan.training import LOSSES, Given, Loss, Replicas, TrainConfig, check_loss, products_an_iteration, stream
from tests.study.test_gan_settings import SPEC

SHAPE, BATCH = (8, 8, 1), 8


def critic_loss(networks, real, fake, given: Given):
    """E (D(x) − 1)² + E D(x̃)² + λ/2 E ‖∇D(x)‖² (least squares: Mao et al., 2017)."""
    slope = networks.slope(real).flatten(2, 4).square().sum(2).flatten(1).mean(1)
    loss = (networks.score(real) - 1).square().mean(1) + networks.score(fake).square().mean(1)
    return loss + given.penalty_weight / 2 * slope, slope


def generator_loss(networks, _real, fake):
    return (networks.score(fake) - 1).square().mean(1)


LEAST_SQUARES = Loss(critic_loss, generator_loss, ("slope",), critic_passes=10, generator_passes=3)
NAME = f"{__name__}:LEAST_SQUARES"


class Products(TorchDispatchMode):
    """Counts the numbers that matrix products multiply while it is entered."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if formula := flop_registry.get(function.overloadpacket):
            self.count += formula(*args, **(kwargs or {}), out_val=result)
        return result


@pytest.mark.parametrize("name", list(LOSSES))
def test_every_loss_says_what_it_costs_in_passes_through_the_critic(name):
    """Of a wide mlp, whose hidden layers are nearly all that it computes; counted product by product."""
    loss, height, width = LOSSES[name], 4, 4
    networks = build(ModelConfig(name="mlp", latent=4), 256, (height, width, 1), [stream(0, "initialization")])
    (part,) = networks.parts(1, 1)
    real, fake = torch.rand(2, 1, BATCH, 1, height, width)
    with Products() as one:
        part.score(real)
    with Products() as critic:
        value, *logged = loss.critic(part, real, fake, Given(torch.rand(1, BATCH), 1.0))
        torch.autograd.backward(value.sum(), inputs=list(networks.critic.parameters()))
    networks.critic.requires_grad_(False)  # as an update of the generator holds it
    with Products() as generator:
        fake.requires_grad_()
        torch.autograd.backward(loss.generator(part, lambda: real, fake).sum(), inputs=[fake])
    # a layer may leave out products with zeros, which PyTorch's own computes
    assert critic.count / one.count == pytest.approx(loss.critic_passes, rel=0.1)
    assert generator.count / one.count == pytest.approx(loss.generator_passes, rel=0.01)
    assert len(logged) == len(loss.logs)
    assert all(key.isidentifier() for key in loss.logs)


@pytest.mark.parametrize(
    ("loss", "steps", "weight"),
    [("wgan-gp", 5, 10), ("hinge", 1, 10), ("non-saturating", 1, 10), ("relativistic", 1, 0.5), (NAME, 5, 10)],
)
def test_critic_steps_and_the_penaltys_weight_are_by_default_those_of_the_losss_paper(loss, steps, weight):
    config = TrainConfig(loss=loss)
    assert (config.critic_steps, config.gradient_penalty) == (steps, weight)
    assert config == TrainConfig(loss=loss, critic_steps=steps, gradient_penalty=weight)
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    given = TrainConfig(loss=loss, critic_steps=7, gradient_penalty=0.25)
    assert (given.critic_steps, given.gradient_penalty) == (7, 0.25)


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


def of(critic=critic_loss, generator=generator_loss, logs=("slope",)):
    return Loss(critic, generator, logs, 1, 1)


WRONG = of(logs=("slope", "margin")), of(lambda *given: critic_loss(*given)[0], logs=())
WRONG += of(generator=lambda *given: generator_loss(*given).mean()), of(lambda *_: 1 / 0), of(lambda *_: (1.0, 2.0))


@pytest.mark.parametrize(
    ("which", "message"),
    [
        (0, r"the critic's function gives \[\(2,\), \(2,\)\]; a tuple of loss, slope, margin, each of shape \(2,\)"),
        (1, "the critic's function gives Tensor; a tuple of loss, each of shape"),
        (2, r"the generator's function gives \[\(\)\]; a tuple of loss, each of shape \(2,\), is needed"),
        (3, r"fails \(ZeroDivisionError: division by zero\)"),
        (4, r"the critic's function gives \['float', 'float'\]; a tuple of loss, slope"),
    ],
)
def test_what_is_wrong_with_a_loss_of_the_users_is_one_line_before_any_work(which, message, monkeypatch):
    monkeypatch.setitem(globals(), "MINE", WRONG[which])
    spec = parse_spec(SPEC | {"train": {"loss": f"{__name__}:MINE", "batch": 8}}, "test")
    with pytest.raises(OverganError, match=rf"^train\.loss: {__name__}:MINE.*{message}") as caught:
        KINDS["gan"].facts(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_a_right_loss_is_not_refused(model):
    for batch in (1, 2, 8):
        config = TrainConfig(loss=NAME, batch=batch, generator_batch=3)
        check_loss(ModelConfig(name=model, latent=4), config, 2, (64, 64, 1))


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("Torch not compiled with CUDA enabled"),
        RuntimeError("Found no NVIDIA driver on your system.\nPlease check that you have one"),
        RuntimeError("Expected all tensors to be on the same device, but found two, cpu and xpu:0"),
    ],
)
def test_a_loss_that_needs_another_device_is_not_refused_but_not_tried(error, monkeypatch, caplog):
    def critic(*_):
        raise error

    monkeypatch.setitem(globals(), "MINE", of(critic))
    check_loss(ModelConfig(name="mlp", latent=4), TrainConfig(loss=f"{__name__}:MINE", batch=8), 2, SHAPE)
    (notice,) = caplog.messages
    assert notice.startswith(f"overgan: train.loss: {__name__}:MINE is not tried on the CPU: ")
    assert "\n" not in notice


@pytest.mark.slow
@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_short_run_brings_the_classifier_distance_of_digits_down_to_a_third(loss, digits):
    reference = Reference.of(digits, [feature_space("classifier", digits)], 300)
    config = TrainConfig(loss=loss, batch=32, learning_rate=4e-3, betas=(0.0, 0.99))
    replicas = Replicas(ModelConfig(name="mlp", latent=16), config, 32, SHAPE, [0])
    distances = []
    for iterations in (0, 150 // config.critic_steps):
        for _ in range(iterations):
            replicas.iterate(torch.from_numpy(digits.train))
        distances.append(reference.score(replicas.sample(300)[0].numpy())[0]["frechet_test"])
    assert distances[1] < distances[0] / 3
