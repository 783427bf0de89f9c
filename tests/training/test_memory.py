"""Memory that runs out: the group is trained with fewer replicas at once."""

import pytest
import torch

from overgan.metrics import Reference, feature_space
from overgan.models import ModelConfig
from overgan.training import Group, Replicas, TrainConfig, load_tensors, read_checkpoint, train_in_memory

NO_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried to …"),
]


@pytest.fixture
def train(digits):
    config = TrainConfig(
        iterations=6, batch=4, critic_steps=1, log_every=2, evaluate_every=3, learning_rate=1e-3, checkpoint_seconds=0.0
    )
    reference = Reference.of(digits, [feature_space("pixels", digits)], 100)
    model = ModelConfig(name="mlp", latent=4, depth=2)

    def to_the_end(folder):
        folder.mkdir()
        group = Group(folder, digits, reference, ["frechet"], model, config, 2, [0, 1, 2, 3])
        train_in_memory(group, lambda: False)
        return load_tensors(folder, read_checkpoint(folder))

    return to_the_end


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
def test_it_goes_on_from_the_last_checkpoint_with_fewer_replicas_at_once(train, tmp_path, monkeypatch, caplog, error):
    expected, tried = train(tmp_path / "whole"), []
    iterate = Replicas.iterate

    def fails(replicas, images):
        tried.append((replicas.iteration, replicas.at_once))
        if replicas.iteration >= 2 and replicas.at_once > 1:
            raise error
        return iterate(replicas, images)

    monkeypatch.setattr(Replicas, "iterate", fails)
    found = train(tmp_path / "study")
    assert tried == [(0, 4), (1, 4), (2, 4), (2, 2), *((i, 1) for i in range(2, 6))]
    assert all(torch.equal(found[name], expected[name]) for name in expected)  # of an MLP; convolutions may round
    assert (tmp_path / "study/log.jsonl").read_bytes() == (tmp_path / "whole/log.jsonl").read_bytes()
    assert [message.rpartition("; ")[2] for message in caplog.messages] == [
        f"it goes on from the last checkpoint with {now} of its replicas at once in place of {before}"
        for before, now in ((4, 2), (2, 1))
    ]


def test_one_replica_that_does_not_fit_is_the_end(train, tmp_path, monkeypatch):
    def fails(*_):
        raise MemoryError("no more")

    monkeypatch.setattr(Replicas, "iterate", fails)
    with pytest.raises(MemoryError, match="no more, at k = 2 even with one replica at a time"):
        train(tmp_path / "study")


def test_other_errors_are_not_taken_for_it(train, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(Replicas, "iterate", fails)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        train(tmp_path / "study")
