"""The compiled convolutions' check of themselves, and what is done without them."""

import logging

import pytest
import torch

from overgan.models import ModelConfig, build
from overgan.models.kernels import LANES, Compiled, _convolve, compiled
from overgan.models.kernels._trust import agree
from overgan.models.layers import ReplicaConv2d, fold
from overgan.training import stream


@pytest.fixture
def asked_anew():
    """The process forgets what it found, before and after."""
    compiled.cache_clear()
    yield
    compiled.cache_clear()


def scores_and_gradients():
    generator, critic = build(ModelConfig(name="dcgan", latent=3), 2, (32, 32, 3), [stream(0, "initialization")])
    z = torch.randn(1, LANES, 3, generator=torch.Generator().manual_seed(1))
    scores = critic(generator(z))
    return [scores, *torch.autograd.grad(scores.sum(), list(critic.parameters()))]


def wrong(*arguments):
    return 1.001 * convolution(*arguments)


def failing(*_):
    raise RuntimeError("Cannot select:\n intrinsic")


convolution = _convolve.convolution


@pytest.mark.parametrize(
    ("broken", "reason"), [(wrong, "not those of PyTorch"), (failing, "RuntimeError: Cannot select")]
)
def test_without_them_a_line_says_so_once_and_pytorch_does_the_work(asked_anew, monkeypatch, caplog, broken, reason):
    expected = scores_and_gradients()
    compiled.cache_clear()
    monkeypatch.setattr(_convolve, "convolution", broken)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        found = scores_and_gradients()
    assert fold(torch.zeros(1, LANES, 3, 4, 4)).shape == (1, 1, 4, 4, 3, LANES)
    (record,) = caplog.records
    assert reason in record.getMessage()
    assert "\n" not in record.getMessage()
    for mine, other in zip(found, expected, strict=True):
        # the same sums, of at most a few thousand products, in another order
        assert torch.linalg.vector_norm(mine - other) <= 1e-5 * torch.linalg.vector_norm(other)


def test_a_processor_that_works_is_silent(asked_anew, caplog):
    assert compiled() is not None
    assert not caplog.records


@pytest.mark.parametrize("part", Compiled._fields)
@pytest.mark.parametrize("fault", [lambda t: t.flip(-1), lambda t: t * torch.nan, lambda t: 1.0001 * t])
def test_every_kernel_is_checked(part, fault):
    works = compiled()
    assert agree(works)
    assert not agree(works._replace(**{part: lambda *a: fault(getattr(works, part)(*a))}))


def test_the_check_is_for_the_cpu_whatever_the_default_device_and_mode(asked_anew):
    with torch.device("meta"), torch.inference_mode():
        assert compiled() is not None
    layer = ReplicaConv2d(1, 3, 2, 3)
    layer.initialize([torch.Generator().manual_seed(0)])
    layer(fold(torch.ones(1, LANES, 3, 4, 4))).sum().backward()
    assert layer.weight.grad is not None
