import shutil
import signal
import time

import numpy as np
import pytest

import overgan
from overgan.disk import read_table
from overgan.errors import OverganError
from overgan.study import KINDS, load_spec
from overgan.theory import ShallowGAN, global_optimum, simulate
from tests.conftest import check_disk, digest
from tests.forked import forked_command, forked_worker, forking
from tests.study.test_runner import HERE

SPEC = """
name: small-theory
kind: shallow
problem: {n: 50, d: 3, m: 2, sigma_w: 0.5}
methods:
  GDA: {method: gda, mu: 0.5}
  optimal discriminator: {method: optimal}
  fresh: {method: alternating, critic_steps: 2, latents: fresh}
widths: [1, 3, 20]
seeds: [0, 1, 2]
steps: 3000
"""
METHODS = {
    "GDA": {"method": "gda", "mu": 0.5},
    "optimal discriminator": {"method": "optimal"},
    "fresh": {"method": "alternating", "critic_steps": 2, "latents": "fresh"},
}
WIDTHS, SEEDS = (1, 3, 20), (0, 1, 2)


@pytest.fixture(scope="module")
def study(once):
    def fill(folder):
        (folder / "spec.yaml").write_text(SPEC)
        with forking():
            overgan.run(folder / "spec.yaml", folder / "study", workers=2, threads=1)

    return overgan.load(once("shallow", fill) / "study")


@pytest.mark.slow
def test_it_needs_no_more_of_the_disk_than_a_plan_says(study):
    check_disk(study)


def results(folder):
    """Everything but the clock."""
    rows = {p.parent.name: [r | {"seconds": 0} for r in read_table(p)] for p in folder.glob("k*/runs.jsonl")}
    curves = {}
    for path in folder.glob("k*/residuals-*.npz"):
        with np.load(path) as arrays:
            curves[f"{path.parent.name}/{path.name}"] = {name: digest(arrays[name]) for name in arrays}
    return rows, curves


@pytest.mark.slow
def test_every_row_and_curve_is_that_of_the_simulation(study):
    frame = study.frame()
    assert len(frame) == len(WIDTHS) * len(SEEDS) * len(METHODS)
    for k in WIDTHS:
        for seed in SEEDS:
            problem = ShallowGAN.gaussian(n=50, d=3, m=2, k=k, seed=seed, sigma_w=0.5)
            curves = study.residuals(k, seed)
            assert list(curves) == list(METHODS)
            for name, arguments in METHODS.items():
                traj = simulate(problem, steps=3000, stop_early=True, seed=seed, **arguments)
                # the worker's BLAS may have other threads, which sum in another order
                np.testing.assert_allclose(curves[name], traj.residual_norm, rtol=0, atol=1e-9 * curves[name][0])
                (row,) = frame[(frame.k == k) & (frame.seed == seed) & (frame.method == name)].itertuples()
                assert row.mse == pytest.approx(traj.residual_norm[-1] ** 2 / 2)
                assert row.optimal_mse == pytest.approx(global_optimum(problem) ** 2 / 2, abs=1e-30)
                assert row.mse >= row.optimal_mse * (1 - 1e-9)
                assert (row.converged, row.steps, row.diverged) == (traj.converged, len(traj.residual_norm) - 1, False)


@pytest.mark.slow
def test_status_and_recommendation(study):
    assert [(g.width, g.done, g.total, g.unit, g.diverged, g.complete) for g in study.status()] == [
        (k, 3, 3, "run", 0, True) for k in WIDTHS
    ]
    share = study.frame().query("method == 'GDA'").groupby("k").converged.mean()
    assert share[20] == 1  # ten times wider than needed
    assert study.status()[2].result == "GDA: 3 of 3 converged"
    recommendation = study.recommend()
    assert recommendation.width == share.index[share == 1].min()
    assert "3 of 3 runs converged by GDA" in str(recommendation)


@pytest.mark.slow
def test_a_target_out_of_reach_of_every_width_has_no_recommendation(tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    out_of_reach = ["widths=[1]", "problem.m=8", "steps=5"]
    study = overgan.run(tmp_path / "spec.yaml", tmp_path / "study", out_of_reach, **HERE)
    with pytest.raises(OverganError, match="no run converged by GDA at any width; try wider, or more steps"):
        study.recommend()


@pytest.mark.slow
@pytest.mark.parametrize("eta", ["100", "1e100", "1e300"])
def test_runs_that_blow_up_are_counted_and_have_finite_numbers(eta, tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    study = overgan.run(
        tmp_path / "spec.yaml", tmp_path / "study", ["widths=[5]", "steps=500", f"methods.GDA.eta={eta}"], **HERE
    )
    (status,) = study.status()
    assert (status.diverged, status.complete) == (3, True)
    gda = study.frame().query("method == 'GDA'")
    assert gda.diverged.all()
    assert np.isfinite(gda.residual).all()
    assert "3 diverged" in overgan.write_report(study.folder, figures=eta == "1e300").read_text()


@pytest.mark.slow
def test_stopped_at_any_run_it_goes_on_to_the_same_results(study, tmp_path):
    spec = study.spec
    stops = iter([True, False, True])
    for name in ("stopped", "whole"):
        (tmp_path / name).mkdir()
    for _ in range(3):  # after the first run, after the third, and at an end without work
        KINDS["shallow"].worker(spec, tmp_path / "stopped", 2, "cpu")(20, lambda: next(stops))
    # in this process too: those of the study's workers were summed by BLAS with other threads
    KINDS["shallow"].worker(spec, tmp_path / "whole", 2, "cpu")(20, lambda: False)
    assert results(tmp_path / "stopped") == results(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_study_started_again_ends_the_same(study, tmp_path, kill, monkeypatch):
    monkeypatch.setattr("overgan.study.execute._local.Popen", forked_worker)
    spec = study.folder.parent / "spec.yaml"
    process = forked_command("run", spec, "--out", tmp_path, "--threads", "1")
    while not list(tmp_path.glob("k*/runs.jsonl")):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(kill)
    process.wait(60)
    again = overgan.run(spec, tmp_path, workers=2, threads=1)
    assert results(again.folder) == results(study.folder)


@pytest.mark.slow
def test_wider_ones_may_be_added_other_changes_are_refused(study, tmp_path):
    spec, folder = study.folder.parent / "spec.yaml", shutil.copytree(study.folder, tmp_path / "study")
    with pytest.raises(OverganError, match=r"methods\.GDA\.mu=0\.5, now it is 0\.7.*another folder"):
        overgan.run(spec, folder, ["methods.GDA.mu=0.7"])
    before = results(folder)
    wider = overgan.run(spec, folder, ["widths=[1,3,20,30]"], **HERE)
    rows, curves = results(wider.folder)
    assert {name: rows[name] for name in before[0]} == before[0]
    assert {name: curves[name] for name in before[1]} == before[1]
    assert len(rows) == 4


@pytest.mark.slow
def test_a_missing_or_damaged_curve_is_named(study):
    with pytest.raises(OverganError, match=r"residuals-0009\.npz cannot be read"):
        study.residuals(3, 9)
    path = study.group(3) / "residuals-0001.npz"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        with pytest.raises(OverganError, match=r"residuals-0001\.npz is damaged .*the run is done again"):
            study.residuals(3, 1)
    finally:
        path.write_bytes(content)


@pytest.mark.slow
def test_it_makes_no_images(study):
    for call in (study.sample, study.write_samples):
        with pytest.raises(OverganError, match="kind shallow, which makes no images"):
            call(20)


def test_scale_multiplies_steps_and_latents():
    spec = load_spec("shallow-gaussian", scale=0.01)
    assert (spec.steps, spec.problem.n, spec.scale) == (40, 10, 0.01)
    tiny = load_spec("shallow-gaussian", scale=1e-9)
    assert (tiny.steps, tiny.problem.n) == (1, 1)


def test_the_presets_are_the_papers_figures():
    gaussian, moons = load_spec("shallow-gaussian"), load_spec("two-moons")
    assert (gaussian.figures, moons.figures) == ([2], [9])
    m = gaussian.problem.m
    assert len(gaussian.widths) >= 12
    assert (gaussian.widths[0] < m, gaussian.widths[-1]) == (True, 100 * m)
    assert (len(gaussian.seeds), len(moons.seeds)) == (20, 20)
    assert [c.method for c in gaussian.methods.values()] == ["gda", "optimal"]
    assert [c.method for c in moons.methods.values()] == ["optimal", "gda", "alternating"]
    assert moons.problem.target == "two_moons"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("kind=shalow", r"preset shallow-gaussian: kind: no kind shalow; did you mean shallow\?"),
        ("kind=[1]", r"kind: no kind \[1\]; known: certificate, gan, "),
        ("methods.GDA.metod=gda", r"unknown key methods\.GDA\.metod; did you mean method\?"),
        ("methods.GDA.mu=2", r"methods\.GDA\.mu: .*less than or equal to 1, but it is 2"),
        ("methods.GDA.method=sgd", r"methods\.GDA\.method: .*but it is \"sgd\""),
        ("methods.a/b.method=gda", r"methods\.a/b.*should match pattern"),
        ("problem.target=two_moons", "problem: the target two_moons needs m = 2"),
        ("problem.k=3", r"unknown key problem\.k"),
        ("data.name=digits", "unknown key data; known: "),
        ("steps=0", "steps: .*greater than or equal to 1, but it is 0"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(override, message):
    with pytest.raises(OverganError, match=message) as caught:
        load_spec("shallow-gaussian", [override])
    assert "\n" not in str(caught.value)
