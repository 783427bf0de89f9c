"""Generators as files that need no overgan, and their model cards."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml
from scipy import stats

import overgan
from overgan.errors import OverganError
from overgan.models import to_images
from overgan.training import stream
from tests.export.by_hand import ITERATIONS, SEEDS, gan_study, theory_study

CASES = {
    "dcgan": ({"name": "dcgan"}, (16, 16, 3)),
    "dcgan-large": ({"name": "dcgan", "sampling_norm": "batch"}, (64, 64, 1)),
    "resnet": ({"name": "resnet"}, (16, 16, 3)),
    "dithered": ({"name": "mlp"}, (8, 8, 1)),
}
ALONE = """
import runpy, sys
sys.modules["overgan"] = None  # no import finds it
import torch
from safetensors.torch import load_file, save_file
for folder in sys.argv[1:]:
    of = runpy.run_path(f"{folder}/generator.py")
    z = load_file(f"{folder}/../latents.safetensors")["z"]
    found = {"values": of["load"]()(z).detach(), "bytes": of["images"](z).contiguous()}
    save_file(found, f"{folder}/../found.safetensors")
"""


def latents(seed, n=64):
    return torch.randn(n, 5, generator=stream(seed, "evaluation"))


def export(study, out, **chosen):
    exported = overgan.export_study(study.folder, "generator", out, **chosen)
    return {of.place.rpartition("/")[2]: of.place for of in exported}


@pytest.mark.slow  # a process that imports PyTorch
def test_the_files_alone_make_the_images_of_the_study(tmp_path):
    folders, studies = [], {}
    for name, (model, shape) in CASES.items():
        study = gan_study(tmp_path / name, model, shape)
        if name == "dithered":
            description = json.loads((study.folder / "study.json").read_text())
            description["spec"]["data"]["dither"] = True
            description.pop("checksum")
            (study.folder / "study.json").write_text(json.dumps(description))
            study = overgan.load(study.folder)
        paths = export(study, tmp_path / name / "out", width=4, seed=7)
        folders.append(paths["generator.py"].rpartition("/")[0])
        safetensors.torch.save_file({"z": latents(7)}, tmp_path / name / "out/latents.safetensors")
        studies[name] = study
    subprocess.run([sys.executable, "-c", ALONE, *folders], check=True)
    for name, study in studies.items():
        found = safetensors.torch.load_file(tmp_path / name / "out/found.safetensors")
        values = study.generator(4, 7)(latents(7)).detach()
        torch.testing.assert_close(found["values"], values, rtol=0, atol=1e-5)  # memory lies otherwise: sums round so
        assert torch.equal(found["bytes"], to_images(found["values"], study.spec.data.dither)), name
        sampled = study.sample(4, 7, n=64).astype(int)
        differ = np.abs(found["bytes"].numpy() - sampled)
        assert differ.max() <= 1, name  # replicas sum in another order: what is near a border may round to either side
        assert (differ > 0).mean() < 1e-3, name
        assert values.std() > 0.01


@pytest.mark.parametrize("name", ["dcgan-large", "dithered"])
def test_the_file_of_python_is_short_and_has_no_text_of_the_study(tmp_path, name):
    model, shape = CASES[name]
    study = gan_study(tmp_path / "study", model, shape)
    text = Path(export(study, None, width=4)["generator.py"]).read_text()
    assert len(text.splitlines()) <= 60
    assert "overgan" not in text.replace("overgan makes images 64 at a time", "")
    assert ("takes each\nbatch's statistics" in text) == (model.get("sampling_norm") == "batch")


def test_the_default_is_the_recommended_width_and_the_first_seed(tmp_path):
    study = gan_study(tmp_path / "study")
    assert study.recommend().width == 4
    paths = export(study, None)
    assert sorted(paths) == ["README.md", "generator.py", "generator.safetensors", "samples.png"]
    assert paths["README.md"] == str(study.folder / "export/generator-k4-seed-0/README.md")
    assert export(study, None, width=2, seed=7)["README.md"].endswith("generator-k2-seed-7/README.md")


def test_several_learning_rates_have_folders_of_their_own(tmp_path):
    study = gan_study(tmp_path / "study")
    with pytest.raises(OverganError, match=r"learning_rate is 0\.5; it must be one that was tried"):
        export(study, None, learning_rate=0.5)
    rate = study.spec.train.learning_rate
    assert f"seed-0-rate-{rate:g}/" in export(study, None, learning_rate=rate)["README.md"]


def front_and_text(path):
    _, front, text = Path(path).read_text().split("---\n", 2)
    return yaml.safe_load(front), text


def test_the_card_has_the_front_matter_of_the_hub(tmp_path):
    study = gan_study(tmp_path / "study")
    front, text = front_and_text(export(study, None)["README.md"])
    assert front == {
        "license": "unknown",
        "library_name": "pytorch",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["gan", "wgan-gp", "mlp", "overgan"],
    }
    assert "Ask who trained it before you use it" in text
    front, text = front_and_text(export(study, None, licence="cc-by-4.0")["README.md"])
    assert front["license"] == "cc-by-4.0"
    assert "Ask who" not in text


def test_the_card_says_what_the_study_knows(tmp_path):
    study = gan_study(tmp_path / "study")
    _, text = front_and_text(export(study, None)["README.md"])
    assert "of width k = 4, seed 0" in text
    assert "`f00`" in text
    assert "20 training and 9 held-out images" in text
    assert "overgan run by-hand.yaml" in text
    assert "| trained numbers of the generator | 400 |" in text
    assert "k = 4 " in text[text.index("## Why") : text.index("## Results")]
    assert "copies training images was not measured" not in text  # it was, in one of the spaces
    assert "FID has not been measured" in text

    final = study.frame()
    final = final[(final.k == 4) & (final.iteration == ITERATIONS) & (final.features == "pixels")]
    values = final.frechet_test.to_numpy()
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    row = f"| pixels | Fréchet distance | held-out | {values[0]:.3g} | {values.mean():.3g} ({low:.3g} to {high:.3g}) |"
    assert row in text
    _, text = front_and_text(export(study, None, width=2)["README.md"])
    assert "not the width that the study recommends, which is k = 4" in text


def test_a_name_of_anybodys_is_text_on_the_card(tmp_path):
    study = gan_study(tmp_path / "study")
    description = json.loads((study.folder / "study.json").read_text())
    description["spec"]["name"] = "<script>alert(1)</script>\n# [x](http://y)"
    description["data"]["name"] = "`a`|b"
    description.pop("checksum")
    (study.folder / "study.json").write_text(json.dumps(description))
    _, text = front_and_text(export(study, None)["README.md"])
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert r"\[x\](http" in text
    assert r"\`a\`\|b: 20" in text


def test_a_run_that_is_not_finished_has_a_card_that_says_so(tmp_path):
    study = gan_study(tmp_path / "study", iteration=10)
    with pytest.raises(OverganError, match=r"no width can be recommended \(no .* yet.*with width"):
        export(study, None)
    _, text = front_and_text(export(study, None, width=4)["README.md"])
    assert "not reached its last iteration" in text
    assert "recommends no width yet" in text
    assert "10 of 20" in text


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ({"width": 3}, r"has no width 3; it has \[2, 4\]"),
        ({"width": 2, "seed": 5}, "has no weights of seed 5"),
        ({"width": 2, "seed": 0}, r"has no weights of seed 0; it has those of \[7, 4294967295\]"),
        ({"width": 4}, "has no weights of seed 0; its runs diverged"),
    ],
)
def test_a_generator_that_is_not_there_is_one_line(tmp_path, of, message):
    study = gan_study(tmp_path / "study", diverged=[(2, 0), *((4, seed) for seed in SEEDS)])
    with pytest.raises(OverganError, match=message):
        export(study, None, **of)
    assert not (study.folder / "export").exists()


def test_a_damaged_or_missing_checkpoint_is_one_line(tmp_path):
    study = gan_study(tmp_path / "study")
    (weights,) = study.group(4).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(OverganError, match="checksum is wrong"):
        export(study, None, width=4)
    shutil.rmtree(study.group(2))
    with pytest.raises(OverganError, match="has no checkpoint yet"):
        export(study, None, width=2)


def test_a_theory_study_has_no_generator(tmp_path):
    study = theory_study(tmp_path / "study")
    for to in ("generator", "onnx"):
        with pytest.raises(OverganError, match="holds a study of the kind shallow, which makes no images"):
            overgan.export_study(study.folder, to)


OWN = """
import torch
from torch import nn

def build(width, shape):
    height, pixels, channels = shape
    layers = nn.Linear(5, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, channels * height * pixels)
    return nn.Sequential(*layers, nn.Tanh(), nn.Unflatten(1, (channels, height, pixels))), nn.Flatten()

class Hidden(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner, self.shift = inner, torch.rand(()).item()

    def forward(self, z):
        return self.inner(z) + self.shift

def hidden(width, shape):
    generator, critic = build(width, shape)
    return Hidden(generator), critic
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_exported.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_exported", raising=False)


def test_a_model_of_ones_own_is_weights_and_the_name_of_its_code(tmp_path, own_module):
    study = gan_study(tmp_path / "study", {"name": "own_exported:build"})
    with pytest.raises(OverganError, match="trust"):
        export(study, None, width=4)
    paths = export(study, None, width=4, trust=True)
    assert "import_module('own_exported').build" in Path(paths["generator.py"]).read_text()
    assert "and `own_exported`, the code of the network" in Path(paths["README.md"]).read_text()


def test_a_model_that_keeps_more_than_its_weights_is_refused(tmp_path, own_module):
    study = gan_study(tmp_path / "study", {"name": "own_exported:hidden"})
    with pytest.raises(OverganError, match="keeps more than its parameters and buffers"):
        export(study, None, width=4, trust=True)
