"""Settings of the data and model sections reach training, its evaluations, and the samples of a checkpoint."""

import shutil

import pytest
import torch

import overgan
from overgan.errors import OverganError
from overgan.study import KINDS, parse_spec
from overgan.study.gan._checkpoints import samples
from overgan.study.gan._work import worker
from overgan.training import load_generator, load_tensors, read_checkpoint, stream
from tests.conftest import without_checksums
from tests.study.test_runner import HERE

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
    z = torch.randn(64, LATENT, generator=stream(SEED, "evaluation"))[:20]
    with torch.no_grad():
        values = load_generator(spec.model, WIDTH, (8, 8, 1), 1, tensors)(z[None])[0]
    expected = ((values.movedim(1, -1) + 1) * 128).floor().clamp(0, 255).byte()
    ((_, made),) = samples(tmp_path / "dithered", spec, (8, 8, 1), WIDTH, 20)
    assert torch.equal(torch.from_numpy(made), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"name": "digits", "root": "faces"}}, r"data\.root=.*faces has no effect on digits.*=folder"),
        ({"model": {"name": "dcgan", "depth": 3}}, r"model\.depth=3 has no effect on dcgan.*set it to 2"),
        ({"model": {"name": "a:b", "depth": 1}}, r"model\.depth=1 has no effect on a:b"),
        ({"model": {"name": "mlp", "sampling_norm": "batch"}}, r"model\.sampling_norm=batch has no effect on mlp"),
        ({"model": {"name": "resnet", "depth": 3, "critic_widths": [2, 4]}}, r"model\.depth=3 has no effect on resnet"),
    ],
)
def test_no_study_begins_with_a_key_without_effect(change, message, tmp_path):
    with pytest.raises(OverganError, match=message):
        overgan.run(SPEC | change, tmp_path / "study", **HERE)
    assert not (tmp_path / "study").exists()


def test_a_study_that_was_begun_with_one_goes_on(small_study, tmp_path):
    folder = without_checksums(shutil.copytree(small_study / "study", tmp_path / "study"))
    description = (folder / "study.json").read_text()
    (folder / "study.json").write_text(description.replace('"sampling_norm": "running"', '"sampling_norm": "batch"'))
    assert overgan.load(folder).spec.model.sampling_norm == "batch"
    with pytest.raises(ZeroDivisionError):  # what is about to be done is known, and nothing is refused
        overgan.run(small_study / "small.yaml", folder, ["model.sampling_norm=batch"], opened=lambda _: 1 / 0, **HERE)


def test_a_batch_that_the_networks_cannot_take_is_refused_before_any_work():
    dcgan = {"data": {"name": "digits", "size": 16}, "model": {"name": "dcgan"}}
    spec = parse_spec(SPEC | dcgan | {"train": SPEC["train"] | {"generator_batch": 1}}, "test")
    with pytest.raises(OverganError, match=r"train\.generator_batch is 1, .*set it to 2 or more"):
        KINDS["gan"].facts(spec)
