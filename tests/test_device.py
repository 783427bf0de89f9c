import pytest
import torch

from overgan.device import resolve_device
from overgan.errors import OverganError


@pytest.mark.parametrize(
    ("device", "gpus", "expected"),
    [
        ("cpu", 2, ["cpu"]),
        ("auto", 0, ["cpu"]),
        ("auto", 2, ["cuda:0", "cuda:1"]),
        ("cuda", 2, ["cuda:0", "cuda:1"]),
        ("cuda:1", 2, ["cuda:1"]),
    ],
)
def test_names_mean_devices_that_pytorch_sees(monkeypatch, device, gpus, expected):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert resolve_device(device) == expected


@pytest.mark.parametrize(
    ("device", "gpus", "message"),
    [
        ("tpu", 2, "device is tpu; it must be auto, cpu, cuda or cuda:N"),
        ("cuda", 0, "device is cuda, but PyTorch sees no GPU; install its CUDA build and a driver, or use cpu"),
        ("cuda:0", 0, "PyTorch sees no GPU"),
        ("cuda:2", 2, "device is cuda:2, but PyTorch sees cuda:0, cuda:1; use one of them"),
    ],
)
def test_a_device_that_is_missing_is_named(monkeypatch, device, gpus, message):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    with pytest.raises(OverganError, match=message):
        resolve_device(device)
