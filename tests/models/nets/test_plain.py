"""Generators as PyTorch modules, against the replicas that they are taken from."""

import copy

import pytest
import torch
from torch import nn

import overgan
from overgan.models import ModelConfig, build, plain, to_images
from overgan.models.nets import MLPCritic
from overgan.training import stream

LATENT, SEEDS, BATCH = 6, (0, 1, 2), 16
IMAGES = ((16, 16, 1), (32, 32, 3), (64, 64, 3))
CASES = [("mlp", (8, 8, 1)), *((name, shape) for name in ("dcgan", "resnet") for shape in IMAGES)]

OWN = """
from torch import nn

def build(width, shape):
    height, pixels, channels = shape
    layers = nn.Linear(6, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, channels * height * pixels)
    return nn.Sequential(*layers, nn.Tanh(), nn.Unflatten(1, (channels, height, pixels))), nn.Flatten()
"""


@pytest.fixture(autouse=True)
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_plain.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)


def trained(name, shape, sampling_norm="running"):
    """Generators whose norms are not those of the start."""
    config = ModelConfig(name=name, latent=LATENT, sampling_norm=sampling_norm)
    generator = build(config, 3, shape, [stream(seed, "initialization") for seed in SEEDS]).generator.eval()
    random = torch.Generator().manual_seed(0)
    for tensor in [*generator.parameters(), *generator.buffers()]:
        if tensor.is_floating_point() and tensor.ndim == 2:
            tensor.data += 0.2 * torch.rand(tensor.shape, generator=random)
    return generator


def latents(batch=BATCH):
    return torch.randn(len(SEEDS), batch, LATENT, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("sampling_norm", ["running", "batch"])
@pytest.mark.parametrize(("name", "shape"), [*CASES, ("own_plain:build", (8, 8, 1))])
def test_it_makes_the_replicas_images_from_the_same_weights(name, shape, sampling_norm):
    if sampling_norm == "batch" and ":" in name:
        pytest.skip("a model of one's own is sampled in evaluation mode")
    generator, z = trained(name, shape, sampling_norm), latents()
    before = [tensor.clone() for tensor in generator.state_dict().values()]
    exact = copy.deepcopy(generator).double()
    with torch.no_grad():
        for replica in range(len(SEEDS)):
            module = plain(generator, replica)
            assert not module.training
            # the same function, summed in another order: in double precision that leaves some 1e-14
            doubled, expected = copy.deepcopy(module).double()(z[replica].double()), exact(z.double())[replica]
            torch.testing.assert_close(doubled, expected, rtol=0, atol=1e-12)
            # in single precision both round, by up to 1e-5 through the eight layers of the residual network
            single = 1e-6 if shape[0] == 8 else 3e-5
            torch.testing.assert_close(module(z[replica]), generator(z)[replica], rtol=0, atol=single)
            weights = sorted(p.flatten().sort().values.tolist() for p in module.parameters())
            assert weights == sorted(p[replica].flatten().sort().values.tolist() for p in generator.parameters())
            for parameter in module.parameters():
                parameter += 1  # of the copy
    for old, new in zip(before, generator.state_dict().values(), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_it_is_made_of_pytorchs_layers_and_draws_nothing(name, shape):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    module = plain(trained(name, shape), 0)
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(type(m).__module__.startswith("torch.nn") for m in module.modules() if not list(m.children()))
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_other_networks_are_refused():
    with pytest.raises(TypeError, match="a MLPCritic is not a generator"):
        plain(MLPCritic(1, 2, 1, (8, 8, 1)), 0)


@pytest.mark.slow
@pytest.mark.parametrize("sampling_norm", ["running", "batch"])
def test_it_can_be_exported(sampling_norm):
    """One is enough: the residual network has every kind of layer but the transposed convolution."""
    module = plain(trained("resnet", (32, 32, 3), sampling_norm), 1)
    z = latents()[1]
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    exported = torch.export.export(module, (z[:8],), dynamic_shapes=shapes).module()
    torch.testing.assert_close(exported(z), module(z), rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_studys_generator_makes_its_samples(small_study):
    study = overgan.load(small_study / "study")
    z = torch.randn(128, 4, generator=stream(1, "evaluation"))[:70]
    module = study.generator(8, seed=1)
    assert isinstance(module, nn.Sequential)
    with torch.no_grad():
        images = to_images(module(z)).numpy()
    # where a value lies between two bytes, the rounding of the sums decides
    assert abs(images.astype(int) - study.sample(8, seed=1, n=70).astype(int)).max() <= 1
    assert (images == study.sample(8, seed=1, n=70)).mean() > 0.999
    with pytest.raises(overgan.OverganError, match=r"k0008 has no weights of seed 7; it has those of \[0, 1\]"):
        study.generator(8, seed=7)
