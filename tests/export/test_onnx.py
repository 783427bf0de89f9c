"""Generators as ONNX, by ONNX Runtime against PyTorch."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import overgan
from overgan.errors import OverganError
from tests.export.by_hand import gan_study
from tests.forked import Forked

pytestmark = pytest.mark.slow  # PyTorch's exporter takes a second or two


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ({"name": "dcgan"}, (16, 16, 3)),
        ({"name": "resnet", "sampling_norm": "batch"}, (16, 16, 1)),
    ],
)
def test_onnx_runtime_makes_the_images_of_pytorch(tmp_path, model, shape, capfd):
    study = gan_study(tmp_path / "study", model, shape)
    file, _, card = [of.place for of in overgan.export_study(study.folder, "onnx", width=4, seed=7)]
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    generator = study.generator(4, 7)
    for n in (2, 5, 64, 100):
        z = torch.randn(n, 5, generator=torch.Generator().manual_seed(n))
        (images,) = session.run(None, {"latents": z.numpy()})
        np.testing.assert_allclose(images, generator(z).detach(), rtol=0, atol=1e-5)  # float32 sums in another order
    assert [of.name for of in session.get_inputs()] == ["latents"]
    text = Path(card).read_text()
    assert "generator.onnx" in text
    assert "generator.py" not in text
    assert capfd.readouterr().out == ""
    overgan.export_study(study.folder, "generator", width=4, seed=7)
    text = Path(card).read_text()
    assert "from generator import images" in text
    assert "onnxruntime.InferenceSession" in text


def test_a_process_that_has_exported_can_fork_others_that_train(tmp_path):
    overgan.export_study(gan_study(tmp_path / "study").folder, "onnx", width=4)

    def train():
        torch.ones(1, requires_grad=True).sum().backward()
        return 0

    assert Forked(train).wait() == 0


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_without_a_package_it_is_one_line(tmp_path, monkeypatch, package):
    study = gan_study(tmp_path / "study")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        OverganError, match=rf'needs the package {package}; install it with pip install "overgan\[onnx\]"'
    ):
        overgan.export_study(study.folder, "onnx")
    assert not (study.folder / "export").exists()


OWN = """
from torch import nn

class Choosing(nn.Module):
    def __init__(self, width, shape):
        super().__init__()
        self.layer = nn.Linear(5, 64)

    def forward(self, z):
        x = self.layer(z).tanh().unflatten(1, (1, 8, 8))
        return x if float(x.sum()) > 0 else -x

def build(width, shape):
    return Choosing(width, shape), nn.Flatten()
"""


def test_a_model_of_ones_own_that_has_no_graph_is_one_line(tmp_path, monkeypatch, capfd):
    (tmp_path / "own_choosing.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    study = gan_study(tmp_path / "study", {"name": "own_choosing:build"})
    with pytest.raises(OverganError, match="own_choosing:build cannot be exported as ONNX") as error:
        overgan.export_study(study.folder, "onnx", width=4, trust=True)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().out == ""
