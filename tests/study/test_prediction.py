import numpy as np
import pytest

import overgan
from overgan.disk import read_table
from overgan.errors import OverganError
from overgan.study import KINDS, load_spec, parse_spec
from overgan.theory import DeepFeatureGAN, ShallowGAN, default_eta, linearize, simulate
from tests.conftest import check_disk
from tests.study.test_runner import HERE

SPEC = """
name: small-prediction
kind: prediction
gans:
  shallow: {generator: shallow, n: 30, d: 3, m: 2}
  deep: {generator: deep, n: 8, d: 3, m: 2, depth: 2, points: 4, feature_depth: 0}
widths: [3, 40]
seeds: [0, 1]
steps: 25
mu: 0.5
within: 0.2
"""
WIDTHS, SEEDS = (3, 40), (0, 1)


def problem(gan, k, seed):
    if gan == "shallow":
        return ShallowGAN.gaussian(n=30, d=3, m=2, k=k, seed=seed)
    return DeepFeatureGAN.gaussian(n=8, d=3, m=2, k=k, seed=seed, depth=2, points=4, feature_depth=0)


@pytest.fixture(scope="module")
def study(once):
    def fill(folder):
        (folder / "spec.yaml").write_text(SPEC)
        overgan.run(folder / "spec.yaml", folder / "study", **HERE)

    return overgan.load(once("prediction", fill) / "study")


@pytest.mark.slow
def test_it_needs_no_more_of_the_disk_than_a_plan_says(study):
    check_disk(study)


@pytest.mark.slow
def test_curves_and_gaps_are_those_of_the_theory(study):
    frame = study.frame()
    assert len(frame) == len(WIDTHS) * len(SEEDS) * 2
    for k in WIDTHS:
        for seed in SEEDS:
            curves = study.residuals(k, seed)
            for gan in ("shallow", "deep"):
                one = problem(gan, k, seed)
                eta = default_eta(one, "gda", 0.5)
                traj = simulate(one, steps=25, mu=0.5, eta=eta, record=range(26))
                linear = linearize(one, 0.5, eta)
                np.testing.assert_allclose(curves[f"{gan} measured"], traj.residual_norm, rtol=1e-9)
                predicted = [np.linalg.norm(linear.state(t)[:2]) for t in range(26)]
                np.testing.assert_allclose(curves[f"{gan} predicted"], predicted, rtol=1e-9)
                apart = np.linalg.norm(traj.recorded_residual - linear.state(np.arange(26))[:, :2], axis=1)
                (row,) = frame[(frame.k == k) & (frame.seed == seed) & (frame.gan == gan)].itertuples()
                assert row.gap == pytest.approx(
                    apart.max() / traj.residual_norm[0], rel=1e-9
                )  # 26 steps: all looked at
                assert row.within == (row.gap <= 0.2)


@pytest.mark.slow
def test_status_counts_what_was_predicted_and_recommends_by_it(study):
    frame = study.frame().query("gan == 'shallow'")
    for status, k in zip(study.status(), WIDTHS, strict=True):
        count = int(frame.within[frame.k == k].sum())
        assert (status.done, status.complete) == (2, True)
        assert status.result == f"shallow: {count} of 2 predicted"
    assert frame.within[frame.k == 40].all()
    assert "stayed within 0.2 ‖r₀‖ of their prediction" in str(study.recommend())


@pytest.mark.parametrize("gan", ["shallow", "deep"])
def test_parameters_are_those_of_the_generator(gan):
    config = {"generator": gan, "d": 3, "m": 2, "depth": 3, "points": 4}
    spec = parse_spec({"name": "x", "kind": "prediction", "gans": {"one": config}, "widths": [7]}, "test")
    made = spec.gans["one"].problem(7, 0)
    trained = made.W0.size if gan == "shallow" else made.theta0.size
    assert KINDS[spec.kind].facts(spec).parameters == {7: {"generator": trained, "discriminator": 2}}


def test_a_run_that_blows_up_is_counted_as_not_predicted(tmp_path):
    spec = parse_spec(
        {"name": "x", "kind": "prediction", "gans": {"s": {"generator": "shallow"}}, "widths": [5], "eta": 100.0},
        "test",
    )
    KINDS[spec.kind].worker(spec, tmp_path, 1, "cpu")(5, lambda: True)
    (row,) = read_table(tmp_path / "k0005" / "runs.jsonl")
    assert row["diverged"]
    assert not row["within"]
    assert np.isfinite(row["residual"])


def test_scale_multiplies_steps_and_latents():
    spec = load_spec("prediction", scale=0.1)
    assert (spec.steps, [gan.n for gan in spec.gans.values()], spec.scale) == (20, [20, 5, 5], 0.1)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("gans.shallow.generator=wide", r"gans\.shallow\.generator: .*but it is \"wide\""),
        ("gans.shallow.depht=2", r"unknown key gans\.shallow\.depht; did you mean depth\?"),
        ("within=0", "within: .*greater than 0"),
        ("problem.n=3", "unknown key problem"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(override, message):
    with pytest.raises(OverganError, match=message):
        load_spec("prediction", [override])


def test_a_run_that_leaves_double_precision_is_a_row(tmp_path):
    spec = parse_spec(
        {
            "kind": "prediction",
            "name": "blown-up",
            "gans": {"small": {"generator": "shallow", "n": 5, "d": 2, "m": 2}},
            "widths": [2],
            "seeds": [0],
            "steps": 20,
            "eta": 1e100,
        },
        "test",
    )
    KINDS["prediction"].worker(spec, tmp_path, 1, "cpu")(2, lambda: False)
    (row,) = read_table(tmp_path / "k0002" / "runs.jsonl")
    assert (row["diverged"], row["within"]) == (True, False)
    assert np.isfinite(row["residual"])
