"""The tangent kernel's change against dense Jacobians; metrics of networks of a trained study, and what they refuse."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian
from torch.func import functional_call
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.errors import OverganError
from overgan.metrics import METRICS
from overgan.study import load_spec
from overgan.study.gan import NETWORK_METRICS
from overgan.study.gan.networks import TANGENT_KERNEL, Batch, Pair, kernel_change, kernel_products
from overgan.study.gan.networks._measure import _values
from overgan.study.gan.networks._tangent import LATENTS, LATENTS_SEED
from overgan.training import load_checkpoint, stream
from tests.study.networks import trained
from tests.study.test_runner import HERE


def dense_kernel(network, weights, z):
    """J Jᵀ of all pixels, from Jacobians by a loop of PyTorch's over them."""
    names = [name for name, _ in network.named_parameters()]

    def images(*values):
        return functional_call(network, dict(zip(names, values, strict=True)), (z,)).flatten()

    blocks = jacobian(images, tuple(weights))
    j = torch.cat([block.flatten(1) for block in blocks], 1)
    return j @ j.T


def latents(latent):
    return torch.randn(1, LATENTS, latent, generator=stream(LATENTS_SEED, "networks"), dtype=torch.float64)


@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_the_change_equals_that_of_dense_kernels(model, monkeypatch):
    shape = (3, 3, 1) if model == "mlp" else (16, 16, 1)
    monkeypatch.setattr("overgan.study.gan.networks._tangent.LATENTS", 2)
    monkeypatch.setattr("tests.study.test_tangent_kernel.LATENTS", 2)
    pair, _ = trained(shape, 2, model={"name": model})
    generator, count = pair.networks.generator, len(list(pair.networks.generator.parameters()))
    before, after = (dense_kernel(generator, of[:count], latents(2)) for of in (pair.first, pair.last))
    expected = (after - before).norm() / before.norm()
    assert TANGENT_KERNEL.function(pair)["tangent_kernel_change"] == pytest.approx(float(expected), rel=1e-9)
    assert expected > 0.01


def scaled(weights):
    """f = (a b, a) with weights a, b: J = [[b, a], [1, 0]]."""
    (both,) = (w.detach().clone().requires_grad_() for w in weights)
    return torch.stack([both[0] * both[1], both[0]]), [both]


def test_the_change_is_its_closed_form():
    first, last = (torch.tensor(ab, dtype=torch.float64) for ab in ([1.0, 2.0], [3.0, 0.0]))
    # K = [[a² + b², b], [b, 1]]: from [[5, 2], [2, 1]] to [[9, 0], [0, 1]]
    assert kernel_change(scaled, [first], [last]) == pytest.approx(np.sqrt((16 + 4 + 4) / (25 + 4 + 4 + 1)), rel=1e-12)


def test_the_kernel_of_a_linear_model_stays():
    features = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def outputs(weights):
        (w,) = (w.detach().clone().requires_grad_() for w in weights)
        return features @ w, [w]

    assert kernel_change(outputs, [torch.zeros(4).double()], [torch.ones(4).double()]) == pytest.approx(0, abs=1e-12)
    assert np.isnan(kernel_change(lambda w: (torch.ones(2).double(), list(w)), [features], [features]))  # 0 / 0


def test_norms_of_large_kernels_are_estimated(monkeypatch):
    """E ‖K z‖² = ‖K‖_F²: over many z within a few of their standard errors, √(2 / z) relative at most."""
    pair, _ = trained((3, 3, 1), 2, iterations=4)
    exact = TANGENT_KERNEL.function(pair)["tangent_kernel_change"]
    monkeypatch.setattr("overgan.study.gan.networks._tangent.EXACT", 0)
    monkeypatch.setattr("overgan.study.gan.networks._tangent.PROBES", 2000)
    found = TANGENT_KERNEL.function(pair)["tangent_kernel_change"]
    assert found == pytest.approx(exact, rel=3 * np.sqrt(2 / 2000))
    assert found != exact


def test_products_are_those_of_the_dense_kernel():
    pair, _ = trained((16, 16, 1), 1, model={"name": "resnet"})
    part = pair.at(pair.last)
    z = latents(2)[:, :2]
    probes = torch.randn(3, 2 * 256, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = kernel_products(pair.networks.generator(z).flatten(), part.parameters["generator"], probes)
    names = len(part.parameters["generator"])
    dense = dense_kernel(pair.networks.generator, pair.last[:names], z)
    torch.testing.assert_close(found, probes @ dense, rtol=1e-9, atol=1e-9 * float(dense.norm()))


def test_initial_weights_are_those_that_training_began_with():
    for train in ({}, {"learning_rate_rules": ["constant", "mup"], "learning_rates": [1e-3, 1e-2], "base_width": 1}):
        pair, replicas = trained((3, 3, 1), 2, **train)
        moved = {name: float(of[-1]) for name, of in replicas.moved().items()}
        pair.check_first(moved, "it")
        assert moved["moved_generator"] == pytest.approx(pair.moved("generator"), rel=1e-6)
        with pytest.raises(OverganError, match="initial weights of k = 2 cannot be drawn again: its critic would have"):
            pair.check_first(moved | {"moved_critic": moved["moved_critic"] * 1.01}, "k = 2")


def test_own_networks_that_cannot_be_differentiated_again_are_one_clear_line():
    pair, _ = trained((3, 3, 1), model={"name": "tests.study.networks:once"})
    says = "tangent_kernel of k = 2, run 0 cannot be measured; what is your own must be differentiable again"
    with pytest.raises(OverganError, match=says):
        _values(TANGENT_KERNEL, pair, "k = 2, run 0", own=True)


def test_memory_that_runs_out_is_one_clear_line():
    pair, _ = trained((3, 3, 1))

    def huge(_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(OverganError, match="tangent_kernel of k = 2 needs more memory than there is"):
        _values(replace(TANGENT_KERNEL, function=huge), pair, "k = 2", own=False)


def test_what_is_a_metric_of_networks_is_none_of_images():
    assert set(METRICS.elsewhere) == set(NETWORK_METRICS)
    for metric in map(NETWORK_METRICS.__getitem__, NETWORK_METRICS):
        assert (metric.needs, metric.row) == ("networks", "networks")


@pytest.mark.parametrize("name", ["tangent_kernel", "game"])
def test_it_is_refused_where_there_are_images_alone(name, tmp_path, small_spec):
    images = np.zeros((30, 8, 8, 1), np.uint8)
    says = f"{name} is a metric of a study's networks, not of images.*`overgan evaluate --study DIR --metrics {name}`"
    with pytest.raises(OverganError, match=says):
        overgan.metrics.evaluate(images, train=images, features="pixels", metrics=[name])
    with pytest.raises(OverganError, match=f"evaluate.final_metrics.*{says}"):
        load_spec(small_spec, [f"evaluate.final_metrics=[{name}]"])
    np.save(tmp_path / "images.npy", images)
    words = ["evaluate", str(tmp_path / "images.npy"), str(tmp_path / "images.npy"), "--metrics", name]
    result = CliRunner().invoke(app, words)
    assert result.exit_code != 0
    assert "metric of a study's networks" in str(result.exception)


@pytest.fixture(scope="module")
def measured(once):
    """A study with several learning rates, at the largest of which all diverge, and averages of weights."""

    def fill(folder):
        more = ["widths=[2,4,8]", "train.learning_rates=[1e-3,2e-3,1e9]", "train.average=0.9"]
        overgan.run("quickstart", folder / "study", [*SMALLER, *more], **HERE)

    return overgan.load(once("networks", fill) / "study")


@pytest.fixture
def brief(monkeypatch):
    """Kernels of a quarter of the rows, and eigenvalues to a few digits: what they are is other tests'."""
    monkeypatch.setattr("overgan.study.gan.networks._tangent.LATENTS", 2)
    monkeypatch.setattr("overgan.study.gan.networks._eigenvalues.TOLERANCE", 1e-2)


SMALLER = [
    "seeds=[0]",
    "model={name: mlp, latent: 4, depth: 1}",
    "train.iterations=20",
    "train.batch=8",
    "train.log_every=10",
    "train.evaluate_every=10",
    "train.schedule=constant",
    "evaluate={features: [pixels], samples: 50, draws: 0}",
]


@pytest.mark.usefixtures("brief")
@pytest.mark.slow
def test_a_study_keeps_them_beside_its_own_rows(measured):
    before = measured.frame()
    rows = measured.evaluate(["game", "tangent_kernel"])
    assert len(rows) == 3 * 2  # none of what diverged
    assert set(rows.learning_rate) == {1e-3, 2e-3}
    assert set(rows.features) == {"networks"}
    frame = overgan.load(measured.folder).frame()
    of_networks = frame[frame.features == "networks"]
    assert len(of_networks) == len(rows)
    assert of_networks[["tangent_kernel_change", "game_real", "game_imaginary_share"]].notna().all(axis=None)
    key = ["k", "learning_rate", "seed", "iteration", "features"]
    rest = frame[frame.features != "networks"].sort_values(key, ignore_index=True)
    assert rest[before.columns].equals(before.sort_values(key, ignore_index=True))
    assert measured.recommend() == overgan.load(measured.folder).recommend()
    again = measured.evaluate(["tangent_kernel"])  # in its place, the game's numbers stay
    assert (again.tangent_kernel_change == rows.tangent_kernel_change).all()
    assert len(measured.frame()) == len(frame)
    assert measured.frame()["game_real"].count() == len(rows)


@pytest.mark.usefixtures("brief")
@pytest.mark.slow
def test_they_are_of_the_last_weights_of_the_right_run(measured):
    """By hand: from the checkpoint's tensors, not of the average, and not of the first replica."""
    checkpoint, tensors = load_checkpoint(measured.group(4))
    runs = checkpoint.left(measured.spec.train)
    place, run = len(runs) - 1, runs[-1]
    images = overgan.data.load_images(measured.spec.data)
    batch = Batch.of(measured.spec, images.train)
    pair = Pair.of(measured.spec, 4, images.shape, run, tensors, place, batch)
    weight = tensors["generator.layers.0.weight"][place].double()
    assert torch.equal(pair.last[0][0], weight)
    assert not torch.equal(tensors["average.layers.0.weight"][place].double(), weight)
    rows = measured.evaluate(["tangent_kernel"])
    (row,) = rows[(rows.k == 4) & (rows.seed == run.seed) & (rows.learning_rate == run.learning_rate)].itertuples()
    assert row.tangent_kernel_change == pytest.approx(TANGENT_KERNEL.function(pair)["tangent_kernel_change"], rel=1e-9)


@pytest.mark.usefixtures("brief")
@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_the_command_measures_them_and_the_page_shows_them(measured):
    words = ["evaluate", "--study", str(measured.folder), "--metrics", "tangent_kernel,game"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "networks" in result.output
    assert "pixels" not in result.output
    page = (measured.folder / "report.html").read_text()
    assert "<th>change of the tangent kernel</th>" in page
    assert "Change of the tangent kernel against width" in page
    assert "Rotation of the game against width" in page


@pytest.mark.slow
def test_a_log_that_tells_of_other_initial_weights_is_believed(measured, tmp_path):
    shutil.copytree(measured.folder, tmp_path / "study")
    log = tmp_path / "study" / "k0002" / "log.jsonl"
    index = tmp_path / "study" / "k0002" / "checkpoint.json"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    log.write_text("".join(json.dumps(row | {"moved_generator": 9.0}) + "\n" for row in rows))
    known = {key: value for key, value in json.loads(index.read_text()).items() if key not in ("rows", "checksum")}
    index.write_text(json.dumps(known))
    with pytest.raises(OverganError, match=r"initial weights of k = 2, run 0-constant-0\.001 cannot be drawn again"):
        overgan.load(tmp_path / "study").evaluate(["tangent_kernel"])
