"""Learning rates and initial values by the rules constant, inverse and mup."""

import pytest
import torch

from overgan.models import ModelConfig, networks
from overgan.training import Scale, scales

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
