"""A group of three small runs, and what it leaves."""

import math

import pytest

from overgan.metrics import Reference, feature_space
from overgan.models import ModelConfig
from overgan.training import Group, TrainConfig, load_tensors, read_checkpoint, train_group
from tests.conftest import digest

CONFIG = {"iterations": 30, "batch": 8, "learning_rate": 1e-3, "log_every": 5, "evaluate_every": 10}


@pytest.fixture(scope="module")
def reference(digits, tmp_path_factory):
    return Reference.of(digits, [feature_space("pixels", digits)], 50, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def train(digits, reference):
    def train(folder, stop_after=math.inf, seeds=(0, 1, 2), **config):
        folder.mkdir(exist_ok=True)
        asked = 0

        def stopping():
            nonlocal asked
            asked += 1
            return asked >= stop_after

        model, settings = ModelConfig(name="mlp", latent=4), TrainConfig(**CONFIG | config)
        train_group(Group(folder, digits, reference, ["frechet"], model, settings, 8, list(seeds)), stopping)
        return folder

    return train


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """A group that nothing interrupted."""
    return train(tmp_path_factory.mktemp("whole") / "k")


def results(folder):
    checkpoint = read_checkpoint(folder)
    tensors = {name: digest(t.numpy()) for name, t in load_tensors(folder, checkpoint).items()}
    names = ("log.jsonl", "evaluations.jsonl")
    return checkpoint.iteration, checkpoint.complete, tensors, [digest((folder / name).read_bytes()) for name in names]
