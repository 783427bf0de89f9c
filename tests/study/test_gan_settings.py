"""Settings of the data and model sections reach training, its evaluations, and the samples of a checkpoint."""

import torch

from overgan.study import parse_spec
from overgan.study.gan._checkpoints import samples
from overgan.study.gan._work import worker
from overgan.training import load_generator, load_tensors, read_checkpoint, stream

WIDTH, SEED, LATENT = 4, 3, 5
SPEC = {
    "name": "settings",
    "data": {"name": "digits"},
    "model": {"name": "mlp", "latent": LATENT},
    "widths": [WIDTH],
    "seeds": [SEED],
    "train": {"iterations": 3, "batch": 8, "log_every": 1, "evaluate_every": 3},
    "evaluate": {"features": ["pixels"], "samples": 20},
}


def trained(folder, data):
    spec = parse_spec(SPEC | {"data": SPEC["data"] | data}, "test")
    group = folder / f"k{WIDTH:04d}"
    group.mkdir(parents=True)
    worker(spec, folder, 1, "cpu")(WIDTH, lambda: False)
    return spec, group


def test_dither_is_that_of_the_spec(tmp_path):
    spec, group = trained(tmp_path / "dithered", {"dither": True})
    tensors = load_tensors(group, read_checkpoint(group))
    assert "streams.dither" in tensors
    z = torch.randn(20, LATENT, generator=stream(SEED, "evaluation"))
    with torch.no_grad():
        values = load_generator(spec.model, WIDTH, (8, 8, 1), 1, tensors)(z[None])[0]
    expected = ((values.movedim(1, -1) + 1) * 128).floor().clamp(0, 255).byte()
    ((_, made),) = samples(tmp_path / "dithered", spec, (8, 8, 1), WIDTH, 20)
    assert torch.equal(torch.from_numpy(made), expected)
