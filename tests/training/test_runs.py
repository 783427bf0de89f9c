"""Several runs of a seed, which differ in their steps, and averages of generators."""

import json
import math

import pytest
import torch
from pydantic import ValidationError

from overgan.disk import read_jsonl
from overgan.models import ModelConfig
from overgan.training import (
    LOSSES,
    Replicas,
    Run,
    TrainConfig,
    best_rate,
    best_rows,
    blocks,
    load_generator,
    read_checkpoint,
)
from overgan.training._adam import ReplicaAdam
from overgan.training._average import decay_at
from tests.training.conftest import results

MODEL, SHAPE = ModelConfig(name="mlp", latent=4, depth=2), (8, 8, 1)
SEVERAL = {"learning_rates": [4e-4, 1e-3], "learning_rate_rules": ["constant", "inverse", "mup"], "base_width": 8}


@pytest.fixture(scope="module")
def images(digits):
    return torch.from_numpy(digits.train)


def gan(seeds=(0, 1), width=16, **train):
    return Replicas(MODEL, TrainConfig(batch=8, **train), width, SHAPE, list(seeds))


def iterated(replicas, images, times):
    for _ in range(times):
        replicas.iterate(images)
    return replicas


def test_a_group_has_every_seed_with_every_rate_by_every_rule():
    config = TrainConfig(**SEVERAL | {"learning_rates": [1e-3, 4e-4]})
    runs = config.runs([5, 7])
    assert runs[:3] == [Run(5, 4e-4, "constant"), Run(7, 4e-4, "constant"), Run(5, 1e-3, "constant")]
    assert len(set(runs)) == len({run.name for run in runs}) == 12
    assert TrainConfig().runs([5, 7]) == [Run(5, 1e-4, "constant"), Run(7, 1e-4, "constant")]


@pytest.mark.slow
@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_run_among_many_is_the_run_alone_after_50_iterations(images, loss):
    """To 1e-5 of the largest weight: sums of several replicas round as those of one, but for the ends of vectors."""
    more = {"loss": loss, "average": 0.9, "critic_steps": 2}
    many = iterated(gan(**SEVERAL, **more), images, 50)
    for place in (1, 6, 10):  # by each rule
        seed, rate, rule = many.runs[place]
        steps = {"learning_rate": rate, "learning_rate_rule": rule, "base_width": 8}
        alone = iterated(gan([seed], **steps, **more), images, 50)
        for one, other in ((many.critic, alone.critic), (many.average, alone.average)):
            for p, q in zip(one.parameters(), other.parameters(), strict=True):
                assert (p[place] - q[0]).abs().max() <= 1e-5 * q.abs().max()


@pytest.mark.parametrize("factor", [0.5, 1, 4])
def test_inverse_is_constant_with_a_rate_divided_by_the_width(images, factor):
    width = int(16 * factor)
    inverse = iterated(gan(width=width, learning_rate=1e-3, learning_rate_rule="inverse", base_width=16), images, 3)
    constant = iterated(gan(width=width, learning_rate=1e-3 / factor), images, 3)
    for name, tensor in constant.tensors().items():
        assert torch.equal(tensor, inverse.tensors()[name])


@pytest.mark.parametrize("rule", ["inverse", "mup"])
def test_the_rules_are_one_at_the_base_width(images, rule):
    constant = iterated(gan(learning_rate=1e-3), images, 5)
    other = iterated(gan(learning_rate=1e-3, learning_rate_rule=rule, base_width=16), images, 5)
    for name, tensor in constant.tensors().items():
        assert torch.equal(tensor, other.tensors()[name])


def test_one_rate_takes_the_steps_of_pytorchs_adam():
    torch.manual_seed(0)
    weights = [torch.randn(3, 5, 4, requires_grad=True), torch.randn(3, 1, 7, requires_grad=True)]
    others = [weight.detach().clone().requires_grad_() for weight in weights]
    ours = ReplicaAdam(weights, [[1e-2] * 3] * 2, (0.5, 0.9))
    theirs = torch.optim.Adam(others, lr=1e-2, betas=(0.5, 0.9), fused=True)
    for step in range(10):
        theirs.param_groups[0]["lr"] = 1e-2 * (1 - step / 10)
        for weight, other in zip(weights, others, strict=True):
            weight.grad = torch.randn_like(weight)
            other.grad = weight.grad.clone()
        ours.step(1 - step / 10)
        theirs.step()
    assert all(torch.equal(weight, other) for weight, other in zip(weights, others, strict=True))


def test_every_replica_takes_its_own_steps_and_without_a_gradient_none():
    torch.manual_seed(0)
    weights = [torch.randn(4, 6), torch.randn(4, 1, 3)]
    unused, rates = torch.ones(4, 2), [[1e-2, 1e-2, 3e-2, 1e-3], [1e-2, 2e-2, 2e-2, 1e-3]]
    alone = [[weight[i].clone().requires_grad_() for weight in weights] for i in range(4)]
    adams = [
        torch.optim.Adam([{"params": [w], "lr": r[i]} for w, r in zip(of, rates, strict=True)])
        for i, of in enumerate(alone)
    ]
    ours = ReplicaAdam([*weights, unused], [*rates, [1.0] * 4], (0.9, 0.999))
    for step in range(6):
        if step == 3:  # the second replica is gone
            keep = torch.tensor([True, False, True, True])
            for weight in (*weights, unused):
                weight.data = weight.data[keep]
            ours.keep(keep)
            alone, adams = ([of[i] for i in (0, 2, 3)] for of in (alone, adams))
        for place, weight in enumerate(weights):
            weight.grad = torch.randn_like(weight)
            for i, of in enumerate(alone):
                of[place].grad = weight.grad[i].clone()
        ours.step(1.0)
        for adam in adams:
            adam.step()
    for i, of in enumerate(alone):
        for weight, other in zip(weights, of, strict=True):
            torch.testing.assert_close(weight[i], other.detach())  # fused or not, which round otherwise
    assert unused.unique().tolist() == [1]
    assert {name.partition(".")[0] for name in ours.tensors()} == {"0", "1"}


def test_the_average_is_that_of_all_weights_so_far(images):
    one = gan(learning_rate=1e-2, average=0.9)
    expected, seen = None, []
    for iteration in range(60):
        one.iterate(images)
        weights = torch.nn.utils.parameters_to_vector(one.generator.parameters()).double()
        half_life = min(math.log(0.5) / math.log(0.9), 0.05 * iteration)  # of Karras et al., in iterations
        decay = 0.5 ** (1 / half_life) if half_life else 0.0
        expected = weights if expected is None else decay * expected + (1 - decay) * weights
        seen.append(decay)
    assert seen[0] == 0
    assert seen[-1] < 0.9 == pytest.approx(decay_at(0.9, 1000))
    average = torch.nn.utils.parameters_to_vector(one.average.parameters()).double()
    torch.testing.assert_close(average, expected, rtol=1e-5, atol=1e-6)  # of float32
    assert not torch.equal(one.sample(5), one.sample(5, unaveraged=True))
    loaded = load_generator(MODEL, 16, SHAPE, 2, one.tensors())
    assert all(torch.equal(p, q) for p, q in zip(loaded.parameters(), one.average.parameters(), strict=True))


def test_running_statistics_are_averaged_too(digits):
    images = torch.from_numpy(digits.train).repeat_interleave(2, 1).repeat_interleave(2, 2)
    config = TrainConfig(batch=4, critic_steps=1, average=0.5, learning_rate=1e-2)
    one = Replicas(ModelConfig(name="dcgan", latent=4), config, 1, (16, 16, 1), [0])
    one.iterate(images)
    first = [buffer.clone() for buffer in one.generator.buffers()]
    assert all(torch.equal(a, b) for a, b in zip(first, one.average.buffers(), strict=True))
    one.iterate(images)
    decay = decay_at(0.5, 1)
    for old, new, average in zip(first, one.generator.buffers(), one.average.buffers(), strict=True):
        torch.testing.assert_close(average, decay * old + (1 - decay) * new)


@pytest.mark.parametrize("stops", [[1], [12, 13]])
def test_interrupted_runs_of_every_kind_end_with_the_same_bits(train, tmp_path, stops):
    more = SEVERAL | {"average": 0.9, "iterations": 20, "learning_rates": [1e-3, 1e30]}  # the greater one diverges
    whole = train(tmp_path / "whole", seeds=(0, 1), **more)
    for stop in stops:
        train(tmp_path / "parts", stop_after=stop, seeds=(0, 1), **more)
    assert results(train(tmp_path / "parts", seeds=(0, 1), **more)) == results(whole)
    checkpoint = read_checkpoint(whole)
    assert checkpoint.runs == [Run(s, 1e-3, r) for r in ("constant", "inverse", "mup") for s in (0, 1)]
    assert set(checkpoint.diverged) == {f"{s}-{r}-1e+30" for r in ("constant", "inverse", "mup") for s in (0, 1)}


def test_images_made_in_blocks_of_replicas_are_those_of_all_together(images):
    many = iterated(gan(**SEVERAL, average=0.9), images, 2)
    assert list(blocks(many.seeds)) == [slice(0, 10), slice(10, 20)]
    assert list(blocks(range(15))) == [slice(0, 15)]
    for unaveraged in (True, False):
        parts = torch.cat([many.sample(5, block, unaveraged=unaveraged) for block in blocks(many.seeds)])
        # a library may sum in another order: at most one grey level
        assert (parts.int() - many.sample(5, unaveraged=unaveraged).int()).abs().max() <= 1


def test_rows_say_which_run_they_are_of_and_have_both_distances(train, tmp_path):
    folder = train(tmp_path / "k", seeds=(0, 1), iterations=10, average=0.9, **SEVERAL)
    rows, log = (read_jsonl(folder / name) for name in ("evaluations.jsonl", "log.jsonl"))
    for found in (rows, log):
        last = [row for row in found if row["iteration"] == 10]
        runs = [Run(row["seed"], row["learning_rate"], row["learning_rate_rule"]) for row in last]
        assert runs == TrainConfig(**SEVERAL).runs([0, 1])
    assert all(row["frechet_train_unaveraged"] != row["frechet_train"] for row in rows)


def test_one_run_a_seed_leaves_no_word_of_rates(train, tmp_path):
    folder = train(tmp_path / "k", iterations=10, learning_rate_rule="mup", base_width=4)
    for name in ("evaluations.jsonl", "log.jsonl"):
        assert "rate" not in (folder / name).read_text()


def row(rate, train, test=1.0, **more):
    return {"learning_rate": rate, "frechet_train": train, "frechet_test": test, "features": "pixels"} | more


def test_the_best_rate_is_chosen_on_training_images():
    assert best_rate([row(1, 3.0, 9), row(1, 4.0, 9), row(2, 2.0, 30), row(2, 4.0, 30)]) == 2
    assert best_rate([row(1, 3.0), row(1, 3.0), row(2, 1.0)]) == 1  # of 2 a run diverged
    assert best_rate([row(1, 3.0), row(1, math.inf), row(2, 100.0), row(2, None), row(4, 50.0), row(4, 6.0)]) == 4
    assert best_rate([]) is None


def test_an_evaluations_best_rows_are_of_the_first_rule_and_space():
    rows = [
        row(1, 3.0, learning_rate_rule="mup"),
        row(1, 1.0, learning_rate_rule="mup") | {"features": "classifier"},
        row(2, 2.0, learning_rate_rule="mup"),
        row(1, 1.0, learning_rate_rule="constant"),
    ]
    assert best_rows(rows) == [rows[2]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rates": []}, "at least 1 item"),
        ({"learning_rates": [1e-3, 1e-3]}, "has the same value twice"),
        ({"learning_rates": [1e-3, 1.0000001e-3]}, "has the same value twice"),
        ({"learning_rates": [0.0]}, "greater than 0"),
        ({"learning_rates": [1e-20]}, "smaller steps move no weight"),
        ({"learning_rate_rule": "linear"}, "'constant', 'inverse' or 'mup'"),
        ({"learning_rate_rules": ["mup", "mup"], "base_width": 4}, "has the same value twice"),
        ({"learning_rate_rule": "mup"}, "need train.base_width"),
        ({"learning_rate_rules": ["constant", "inverse"]}, "need train.base_width"),
        ({"base_width": 0}, "greater than or equal to 1"),
        ({"base_width": 10**12}, "less than or equal to 1000000"),
        ({"average": 0.0}, "greater than 0"),
        ({"average": 1.0}, "less than 1"),
        ({"average": math.nan}, "finite number"),
    ],
)
def test_each_bad_value_is_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        TrainConfig.model_validate_json(json.dumps(values))
