"""Learning rates and initial values by the rules constant, inverse and mup."""

import pytest
import torch

from overgan.models import ModelConfig, networks
from overgan.training import Replicas, Scale, TrainConfig, scales

SHAPES = {"mlp": (8, 8, 1), "dcgan": (32, 32, 3), "resnet": (32, 32, 3)}
LARGE = [("dcgan", (64, 64, 3)), ("resnet", (64, 64, 3)), ("dcgan", (16, 16, 1)), ("resnet", (16, 16, 1))]


@pytest.mark.parametrize(("name", "shape"), [*SHAPES.items(), *LARGE])
@pytest.mark.parametrize("rule", ["constant", "inverse", "mup"])
def test_every_rule_gives_exactly_one_at_the_base(name, shape, rule):
    model = ModelConfig(name=name)
    with torch.device("meta"):
        pair = networks(model, 12, shape, replicas=3)
    ones = {which: [Scale(1.0, 1.0) for _ in network.parameters()] for which, network in pair._asdict().items()}
    assert scales(model, 12, 12, shape, rule) == ones
    assert (
        scales(model, 48, 12, shape, "constant")
        == scales(model, 48, None, shape, "constant")
        == {which: [Scale(1.0, 1.0)] * len(of) for which, of in ones.items()}
    )


# powers of the number of inputs, of a weight's learning rate and of its initial deviation, by hand
FREE, HIDDEN, READOUT = (0, 0), (-1, -0.5), (-1, -1)
EXPONENTS = {
    ("mlp", (8, 8, 1)): {
        "generator": {"layers.0": FREE, "layers.1": HIDDEN, "layers.2": READOUT},
        "critic": {"layers.0": FREE, "layers.1": HIDDEN, "layers.2": READOUT},
    },
    ("dcgan", (32, 32, 3)): {
        "generator": {"first": FREE, "layers.0": HIDDEN, "layers.1": HIDDEN, "layers.2": READOUT},
        "critic": {"layers.0": FREE, "layers.1": HIDDEN, "layers.2": HIDDEN, "last": READOUT},
    },
    ("resnet", (16, 16, 3)): {
        "generator": {
            "first": FREE,
            **{f"blocks.{i}.{layer}": HIDDEN for i in (0, 1) for layer in ("conv1", "conv2", "shortcut")},
            "last": READOUT,
        },
        "critic": {
            "blocks.0.conv1": FREE,
            "blocks.0.conv2": HIDDEN,
            "blocks.0.shortcut": FREE,
            **{f"blocks.{i}.{layer}": HIDDEN for i in (1, 2) for layer in ("conv1", "conv2")},
            "last": READOUT,
        },
    },
    ("resnet", (64, 64, 3)): {
        "generator": {
            "first": FREE,
            **{f"blocks.{i}.{layer}": HIDDEN for i in range(4) for layer in ("conv1", "conv2", "shortcut")},
            "last": READOUT,
        },
        "critic": {
            "blocks.0": FREE,
            **{f"blocks.{i}.{layer}": HIDDEN for i in range(1, 5) for layer in ("conv1", "conv2", "shortcut")},
            "last": READOUT,
        },
    },
}


@pytest.mark.parametrize("name", EXPONENTS, ids=str)
def test_exponents_of_mup_by_hand(name):
    """Against the base, at whose width both are those of the layer; norms and biases have factors of 1."""
    model, shape = ModelConfig(name=name[0]), name[1]
    with torch.device("meta"):
        pairs = [networks(model, width, shape, replicas=1) for width in (6, 24)]
    found = scales(model, 24, 6, shape, "mup")
    for which, by_layer in EXPONENTS[name].items():
        base, network = (getattr(pair, which) for pair in pairs)
        left = dict(zip(dict(network.named_parameters()), found[which], strict=True))
        for layer, (rate, deviation) in by_layer.items():
            scale = left.pop(f"{layer}.weight")
            assert scale.rate == 4**rate
            start = network.get_submodule(layer).bound * scale.start
            assert start == pytest.approx(base.get_submodule(layer).bound * 4**deviation, rel=1e-12)
        assert all(path.endswith("bias") or "norm" in path for path in left), left.keys()
        assert set(left.values()) == {Scale(1.0, 1.0)}


def test_inverse_scales_the_networks_whose_width_varies():
    model = ModelConfig(name="mlp", critic_width=32)
    for width, factor in ((4, 2.0), (8, 1.0), (32, 0.25)):
        found = scales(model, width, 8, (8, 8, 1), "inverse")
        assert set(found["generator"]) == {Scale(factor, 1.0)}
        assert set(found["critic"]) == {Scale(1.0, 1.0)}
        held = scales(model, width, 8, (8, 8, 1), "mup")["critic"]
        assert set(held) == {Scale(1.0, 1.0)}


def test_the_first_update_moves_every_weight_by_its_own_learning_rate():
    """Adam's first update is the learning rate itself; only the bias of scores, of differences alone, rests."""
    config = TrainConfig(
        batch=4, learning_rate=1e-3, learning_rate_rules=["constant", "mup"], base_width=4, critic_steps=1
    )
    replicas = Replicas(ModelConfig(name="mlp", latent=4), config, 16, (8, 8, 1), [3])
    ours = scales(replicas.model, 16, 4, (8, 8, 1), "mup")
    before = {name: [p.detach().clone() for p in network.parameters()] for name, network in replicas.by_name.items()}
    images = torch.randint(256, (20, 8, 8, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    replicas.iterate(images)
    for name, network in replicas.by_name.items():
        for p, p0, scale in zip(network.parameters(), before[name], ours[name], strict=True):
            constant, mup = (p - p0).abs().flatten(1).amax(1).tolist()
            torch.testing.assert_close(p0[1], p0[0] * scale.start)
            if p.shape[1:] == (1, 1):
                continue
            assert constant == pytest.approx(1e-3, rel=0.01)
            assert mup == pytest.approx(1e-3 * scale.rate, rel=0.01)


def test_mup_at_the_base_gives_the_bits_of_constant():
    def trained(**rule):
        replicas = Replicas(ModelConfig(name="mlp", latent=4), TrainConfig(batch=4, **rule), 8, (8, 8, 1), [0, 1])
        images = torch.randint(256, (20, 8, 8, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        for _ in range(3):
            replicas.iterate(images)
        return replicas.tensors()

    found, expected = trained(learning_rate_rule="mup", base_width=8), trained()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)
