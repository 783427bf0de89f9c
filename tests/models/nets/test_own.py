"""Models of the user's own: networks without a replica axis, from a function in a module."""

import pytest
import torch

import overgan
from overgan.errors import OverganError
from overgan.models import ModelConfig, build, parameter_counts
from overgan.study import KINDS, load_spec, write_description
from overgan.training import Replicas, TrainConfig, stream
from tests.study.test_runner import HERE

MODULE = """
import math
from torch import nn

def build(width, shape):
    height, pixels, channels = shape
    size = math.prod(shape)
    generator = nn.Sequential(
        nn.Linear(4, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, size), nn.Tanh(),
        nn.Unflatten(1, (channels, height, pixels)),
    )
    critic = nn.Sequential(nn.Flatten(), nn.Linear(size, width), nn.ReLU(), nn.Linear(width, 1), nn.Flatten(0))
    return generator, critic

def noisy(width, shape):
    generator, critic = build(width, shape)
    return nn.Sequential(nn.Dropout(0.2), generator), nn.Sequential(nn.Dropout(0.2), critic)

def frozen(width, shape):
    generator, critic = build(width, shape)
    critic[1].requires_grad_(False)
    return generator, critic

def nothing(width, shape):
    return build(width, shape)[0], build(width, shape)[1].requires_grad_(False)

def wrong_latent(width, shape):
    return nn.Linear(5, width), build(width, shape)[1]

def numbers(width, shape):
    return 3, 4

def failing(width, shape):
    return build(width, (3, 3, 3))

number = 3
"""
SHAPE = (8, 8, 1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(function="build"):
    return ModelConfig(name=f"own_networks:{function}", latent=4)


def test_each_replica_is_the_users_network(folder):
    generator, critic = build(config(), 6, SHAPE, [stream(seed, "initialization") for seed in (0, 1, 2)])
    alone, _ = build(config(), 6, SHAPE, [stream(1, "initialization")])
    z = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    images = generator(z)
    assert images.shape == (3, 5, 1, 8, 8)
    assert critic(images).shape == (3, 5)
    # the same layers on tensors that lie elsewhere in memory, whose sums may be grouped otherwise
    torch.testing.assert_close(images[1], alone(z[1:2])[0])
    assert not torch.equal(generator(z[:1].expand(3, -1, -1))[0], generator(z[:1].expand(3, -1, -1))[1])
    running = generator.get_buffer("1/running_mean")
    assert running.shape == (3, 6)
    assert running.any(1).all()  # every replica's own statistics moved
    # by hand: two linear layers each, and a batch norm
    assert parameter_counts(config(), 6, SHAPE) == {
        "generator": 5 * 6 + 2 * 6 + 7 * 64,
        "critic": 65 * 6 + 7,
    }


@pytest.mark.parametrize("function", ["build", "noisy"])
def test_a_run_does_not_depend_on_its_companions(folder, function):
    """Nor on what was drawn before, also where its layers draw."""
    images = torch.randint(256, (20, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    train = TrainConfig(batch=6, learning_rate=1e-3)
    together, alone = (Replicas(config(function), train, 6, SHAPE, seeds) for seeds in ([0, 1, 2], [1]))
    for _ in range(5):
        losses, own = together.iterate(images), alone.iterate(images)
    for key, values in losses.items():
        torch.testing.assert_close(values[1:2], own[key])
    # one step of 255: where a value lies between two, the rounding of the sums decides
    assert (together.sample(9)[1].int() - alone.sample(9)[0].int()).abs().max() <= 1
    state = together.tensors()
    restored = Replicas(config(function), train, 6, SHAPE, [0, 1, 2])
    restored.restore({key: value.clone() for key, value in state.items()}, 5)
    together.iterate(images)
    restored.iterate(images)
    for key, value in together.tensors().items():
        assert torch.equal(value, restored.tensors()[key]), key


def test_frozen_parameters_are_neither_trained_nor_counted(folder):
    images = torch.randint(256, (20, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    replicas = Replicas(config("frozen"), TrainConfig(batch=6, learning_rate=1e-3), 6, SHAPE, [0, 1])
    before = {name: tensor.clone() for name, tensor in replicas.tensors().items()}
    replicas.iterate(images)
    after = replicas.tensors()
    names = "critic.1/weight", "critic.3/weight"
    assert [torch.equal(before[name], after[name]) for name in names] == [True, False]
    assert parameter_counts(config("frozen"), 6, SHAPE)["critic"] == 7
    alone = replicas.critic.alone(1)
    assert [name for name, p in alone.named_parameters() if p.requires_grad] == ["3.weight", "3.bias"]
    assert torch.equal(alone[1].weight, before["critic.1/weight"][1])


@pytest.mark.slow
def test_a_study_of_it(folder, small_spec):
    spec = small_spec.read_text().replace("{name: mlp, latent: 4, depth: 2}", "{name: 'own_networks:build', latent: 4}")
    (folder / "own.yaml").write_text(spec)
    assert (
        KINDS["gan"].notice(load_spec("own.yaml"))
        == "own_networks:build has no replica axis: its runs are trained one at a time"
    )
    study = overgan.run("own.yaml", "study", ["widths=[4]", "train.iterations=20"], **HERE)
    assert len(study.frame()) == 2
    assert study.sample(4, n=3).shape == (3, 8, 8, 1)
    # as an older version began it, which trained the critic's frozen weights, too
    counts = study.description.parameters[4]
    frozen = counts | {"critic": counts["critic"] + 8}
    write_description(study.folder, study.description.model_copy(update={"parameters": {4: frozen}}))
    message = r"trained numbers are not those that study began with \(at k = 4\); .*another folder with out"
    with pytest.raises(OverganError, match=message):
        overgan.run("own.yaml", "study", ["widths=[4,8]", "train.iterations=20"], **HERE)
    with pytest.raises(OverganError, match=r"train\.precision=bf16-mixed is not for a model of your own"):
        load_spec("own.yaml", ["train.precision=bf16-mixed"])


def test_a_name_alone_is_a_model(folder):
    assert ModelConfig.model_validate("own_networks:build") == ModelConfig(name="own_networks:build")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere:build", "nowhere:build cannot be imported .ModuleNotFoundError"),
        ("own_networks:absent", "cannot be imported .AttributeError"),
        ("own_networks:failing", r"for 2 images the generator gives \(2, 3, 3, 3\), \(2, 1, 8, 8\) is needed"),
        ("own_networks:number", r"number fails \(TypeError"),
        ("own_networks:numbers", "gives a int, a torch.nn.Module is needed"),
        ("own_networks:nothing", "the critic has nothing to train; give it weights, not all frozen"),
        ("own_networks:wrong_latent", r"the generator fails \(RuntimeError: .*4"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(folder, name, message):
    with pytest.raises(OverganError, match=message) as error:
        parameter_counts(ModelConfig(name=name, latent=4), 6, SHAPE)
    assert "\n" not in str(error.value)


def test_another_name_is_refused():
    with pytest.raises(ValueError, match=r"must be one of mlp, dcgan, resnet, or package\.module:function of your own"):
        ModelConfig(name="vit")
