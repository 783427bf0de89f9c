"""The coordinate check: how far the first updates move each layer's outputs."""

import math

import numpy as np
import pytest
import torch

from overgan.models import ModelConfig, outputs
from overgan.training import UPDATES, Change, Replicas, TrainConfig, changes, slopes, stream

RULES = ["constant", "mup"]


@pytest.mark.parametrize("dither", [False, True])
def test_a_change_is_what_the_updates_did_to_a_layer(digits, dither):
    """Against replicas that are trained here, the inputs written out."""
    config = TrainConfig(batch=4, learning_rate=1e-3, critic_steps=3, schedule="linear", iterations=7, average=0.9)
    model, seeds = ModelConfig(name="mlp", latent=4), [2, 5]
    every = changes(model, config, [8], digits.train, seeds, dither=dither)
    found = {(c.seed, c.network, c.layer, c.updates): c.rms for c in every}
    assert len(found) == len(seeds) * 6 * len(UPDATES)
    once_each = config.model_copy(update={"critic_steps": 1, "schedule": "constant", "average": None})
    replicas = Replicas(model, once_each, 8, digits.shape, seeds, dither=dither)
    z = torch.stack([torch.randn(64, 4, generator=stream(seed, "evaluation")) for seed in seeds])
    before = outputs(replicas.generator, z)["layers.1"]
    for updates in range(1, 6):
        replicas.iterate(torch.from_numpy(digits.train))
        if updates in UPDATES:
            moved = (outputs(replicas.generator, z)["layers.1"] - before).square().mean(1).sqrt()
            for seed, expected in zip(seeds, moved.tolist(), strict=True):
                assert found[seed, "generator", "layers.1", updates] == pytest.approx(expected, rel=1e-6)


def test_slopes_by_hand():
    """Two seeds of slopes 1/2 and 1 have the mean 3/4 and the standard error 1/4."""
    found = [
        Change("mup", k, seed, "critic", "last", 5, k ** ((1 + seed) / 2) * 7) for k in (2, 4, 16) for seed in (0, 1)
    ]
    still = [Change("mup", k, 0, "critic", "last", 1, float(k == 4)) for k in (2, 4)]
    (moved, rested) = slopes([*found, *still])
    assert moved[:4] == ("mup", "critic", "last", 5)
    assert moved.slope == pytest.approx(0.75)
    assert moved.error == pytest.approx(0.25)
    assert math.isnan(rested.slope)
    assert math.isnan(rested.error)


@pytest.mark.slow
def test_under_mup_every_layer_of_an_mlp_learns_as_fast_at_every_width(digits):
    """Within ±0.1 up to what four seeds leave open; under constant outputs move the more, the wider the network."""
    config = TrainConfig(batch=16, learning_rate=4e-3, learning_rate_rules=RULES, base_width=1)
    found = slopes(changes(ModelConfig(name="mlp", latent=16), config, [32, 64, 128, 256, 512], digits.train, range(4)))
    for one in found:
        if one.rule == "mup":
            assert abs(one.slope) <= 0.1 + 2 * one.error, one
        elif one.updates == 1 and one.layer == "layers.2":
            assert one.slope >= 0.5, one


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan", "resnet"])
def test_under_mup_layers_of_a_convolutional_network_do(name, monkeypatch):
    """At widths so small much depends on the seed, which the error has."""
    monkeypatch.setattr("overgan.training._coordinates.UPDATES", (1, 2))
    images = np.random.default_rng(0).integers(256, size=(64, 16, 16, 3), dtype=np.uint8)
    config = TrainConfig(batch=16, learning_rate=1e-3, learning_rate_rules=RULES, base_width=1)
    found = slopes(changes(ModelConfig(name=name, latent=16), config, [8, 16, 32], images, range(3)))
    by_rule = {rule: {one[1:4]: one for one in found if one.rule == rule} for rule in RULES}
    for layer, one in by_rule["mup"].items():
        assert abs(one.slope) <= 0.1 + 2 * one.error, one
        if layer[1] in ("last", "layers.1"):
            assert by_rule["constant"][layer].slope >= 0.5, layer
