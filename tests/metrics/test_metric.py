"""Metrics and feature spaces as records, overgan's and the user's own."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from overgan.errors import OverganError
from overgan.metrics import (
    CRITIC,
    METRICS,
    SPACES,
    Column,
    Estimate,
    NNDConfig,
    canonical,
    evaluate,
    feature_space,
    neural_net_divergence,
)
from overgan.report import evaluation_table
from tests.metrics import own

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
FAST = NNDConfig(iterations=4, evaluation_batches=2, batch=8, width=2)


def measure(digits, tmp_path, metrics, images=40, **more):
    sets = digits.train[:images] // 2, digits.train[images : 2 * images], digits.test[:images]
    return evaluate(*sets, "pixels", metrics, cache=tmp_path, **more)


def test_every_record_has_the_name_that_it_is_registered_by():
    assert [METRICS[name].name for name in METRICS] == list(METRICS)
    assert all(METRICS[name].columns for name in METRICS)
    assert [name for name in SPACES if SPACES[name].labels] == ["classifier"]


def test_every_number_stands_in_a_column_and_the_table_shows_every_column(digits, tmp_path):
    result = measure(digits, tmp_path, list(METRICS), 320, nnd=FAST)  # five for each of 64 pixels
    columns = [column for name in METRICS for column in METRICS[name].columns]
    keys = {key for column in columns for key in column.keys.values()}
    found = {key for row in result.rows for key in row} - {"features"}
    assert {key for key in found if not key.endswith(("_error", "_draws", "_low", "_high"))} == keys
    table = evaluation_table(result)
    assert len(table) == len(columns)
    assert not any("–" in row for row in table)


@pytest.mark.parametrize(
    ("name", "short", "long"),
    [
        ("frechet", "FID", "Fréchet distance"),
        ("frechet_gap", "FID, test − train", "Fréchet distance, test − train"),
        ("frechet_infinity", "FID∞", "Fréchet distance, infinitely many generated images"),
        ("frechet_population", "population FID", "Fréchet distance of the distributions"),
        ("kernel", "KID", "kernel distance"),
    ],
)
def test_only_inceptions_distances_are_called_fid_and_kid(name, short, long):
    metric = METRICS[name]
    (column,) = metric.columns
    assert metric.heading(column, "inception") == short
    assert metric.heading(column, "random-0") == f"random-0 {long}"
    assert metric.label(column, "inception").startswith(short)
    assert metric.label(column, "pixels").startswith(long)


def test_the_critics_numbers_are_no_feature_spaces():
    nnd = METRICS["nnd"]
    assert [nnd.heading(column, CRITIC, "test") for column in nnd.columns] == [
        "NND",
        "NND of memorized training images",
    ]


def test_a_cell_has_the_error_or_interval_and_a_dash_for_what_was_not_compared():
    column = Column("x_{side}", "x")
    row = {"x_test": 1.23456, "x_test_error": 0.0321, "y": 0.5, "y_low": 0.25, "y_high": 0.75}
    assert [column.text(row, side) for side in ("train", "test")] == ["–", "1.235 ± 0.032"]
    interval = Column("y", "y", sides=("train",), format=".2f")
    assert [interval.text(row, side) for side in ("train", "test")] == ["0.50 (0.25 to 0.75)", ""]


@pytest.mark.parametrize("name", ["gap", "factory"])
def test_a_metric_of_the_users_own_stands_beside_the_others(digits, tmp_path, name):
    result = measure(digits, tmp_path, ["frechet", f"tests.metrics.own:{name}"])
    generated, train = (x[:40].astype(np.float32) / 255 for x in (digits.train[:40] // 2, digits.train[40:80]))
    assert result["gap_train"] == pytest.approx(train.mean() - generated.mean(), rel=1e-5)
    assert result["gap_test_error"] == 0.5
    assert [row[:2] for row in evaluation_table(result)] == [
        ["pixels", "Fréchet distance"],
        ["pixels", "gap of means in levels"],
    ]


def test_a_metric_of_images_has_a_row_of_its_own(digits, tmp_path):
    result = measure(digits, tmp_path, ["tests.metrics.own:images", "frechet"])
    assert [row["features"] for row in result.rows] == ["pixels", "images"]
    assert result["spread"] == pytest.approx((digits.train[:40] // 2).std())


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ("fid", "frechet"),
        ("fid_gap", "frechet_gap"),
        ("fid_infinity", "frechet_infinity"),
        ("fid_population", "frechet_population"),
        ("kid", "kernel"),
    ],
)
def test_former_names_are_understood(digits, tmp_path, former, name):
    assert METRICS[former] is METRICS[name]
    images = digits.train[:400] // 2, digits.train[400:800], digits.train[800:1200], "pixels"
    found = evaluate(*images, [former, "fid"], cache=tmp_path, draws=1)
    assert found.rows[0].keys() == evaluate(*images, [name, "frechet"], cache=tmp_path, draws=1).rows[0].keys()
    assert found.metrics == (name, "frechet")
    assert found["fid_test"] == found["frechet_test"]
    assert found["frechet_test"] > 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fidd", r"no metric fidd; did you mean fid\?"),
        ("tests.metrics.own:nan", r"metric .*:nan gives .*finite numbers of its columns"),
        ("tests.metrics.own:unknown", r"metric .*:unknown gives .*'y'.*of its columns, \['x'"),
        ("tests.metrics.own:broken", r"metric .*:broken fails \(ZeroDivisionError: division by zero\)"),
        ("tests.metrics.own:networks", "networks needs networks, which only .*; have it need images"),
        ("tests.metrics.own:number", "metric: .*:number is a int; a Metric is needed"),
        ("tests.metrics.own:nothing", "metric: .*:nothing cannot be imported"),
    ],
)
def test_mistakes_of_the_users_own_are_one_line(digits, tmp_path, name, message):
    with pytest.raises(OverganError, match=message) as caught:
        measure(digits, tmp_path, [name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "expected"), [("random", "random-0"), ("random-7", "random-7"), ("pixels", "pixels")])
def test_a_space_has_one_name_in_tables(name, expected):
    assert canonical(name) == expected


@pytest.mark.parametrize("name", ["pixels-1", "random-x", "random-", "critic"])
def test_a_space_that_does_not_exist_is_named(name):
    with pytest.raises(OverganError, match=f"no features {name}; "):
        canonical(name)


def test_the_device_reaches_features_and_metrics(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    sets = digits.train[:40], digits.train[40:80]
    own.devices.clear()
    names = ["tests.metrics.own:images", "frechet"]
    results = [
        evaluate(*sets, features="tests.metrics.own:space", metrics=names, cache=tmp_path, device=device)
        for device in ("cpu", "auto", "cuda:1")
    ]
    assert own.devices == ["cpu", "cuda:0", "cuda:1"]
    assert [result["on_gpu"] for result in results] == [0, 1, 1]
    assert len(list(tmp_path.glob("*.safetensors"))) == 2  # a GPU rounds otherwise: its features are kept apart


@GPU
@pytest.mark.parametrize("name", ["random", "classifier", "inception"])
def test_features_on_a_gpu_are_those_on_the_cpu(digits, photos, inception_weights, tmp_path, monkeypatch, name):
    monkeypatch.setattr("torch.backends.cudnn.allow_tf32", False)
    feature_space("classifier", digits, tmp_path)  # trained once, on the CPU
    spaces = [feature_space(name, digits, tmp_path, weights=inception_weights, device=d) for d in ("cpu", "cuda")]
    cpu, gpu = (space.embed(digits.test[:20]) for space in spaces)
    np.testing.assert_allclose(gpu, cpu, rtol=1e-3, atol=1e-3 * np.abs(cpu).max())  # float32 sums in another order


@GPU
def test_nnd_on_a_gpu_is_near_that_on_the_cpu(digits):
    cpu, gpu = (neural_net_divergence(digits.test, digits.train, config=FAST, device=d) for d in ("cpu", "cuda"))
    assert gpu.value == pytest.approx(cpu.value, rel=1e-2)  # the same draws; training amplifies rounding


def test_an_estimate_is_two_numbers():
    values = METRICS["kernel"].__class__("x", lambda: {"x": Estimate(1.0, 0.5), "y": 2}, ()).values()
    assert values == {"x": 1.0, "x_error": 0.5, "y": 2.0}


def test_names_and_settings_come_without_pytorch():
    code = (
        "import sys; from overgan import data, metrics; from overgan.optimizer import Momentum\n"
        "list(metrics.METRICS), list(metrics.SPACES), list(data.DATASETS), metrics.MetricName, metrics.Precision\n"
        "metrics.canonical('classifier'), metrics.NNDConfig(), data.DataConfig(name='digits')\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
