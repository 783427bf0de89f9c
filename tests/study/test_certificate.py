import numpy as np
import pytest

import overgan
from overgan.errors import OverganError
from overgan.study import load_spec
from overgan.theory import ShallowGAN, certify, generated_mean
from tests.conftest import check_disk
from tests.study.test_runner import HERE

SPEC = """
name: small-certificate
kind: certificate
problems:
  "start at 0": {n: 20, d: 3, m: 1, paired: true}
  Gaussian: {n: 20, d: 3, m: 1}
widths: [11, 30000]
seeds: [0, 1]
"""


@pytest.fixture(scope="module")
def study(once):
    def fill(folder):
        (folder / "spec.yaml").write_text(SPEC)
        overgan.run(folder / "spec.yaml", folder / "study", **HERE)

    return overgan.load(once("certificate", fill) / "study")


@pytest.mark.slow
def test_it_needs_no_more_of_the_disk_than_a_plan_says(study):
    check_disk(study)


@pytest.mark.slow
def test_rows_are_those_of_certify(study):
    frame = study.frame()
    assert len(frame) == 2 * 2 * 2
    for row in frame[frame.problem == "Gaussian"].itertuples():
        certificate = certify(ShallowGAN.gaussian(n=20, d=3, m=1, k=row.k, seed=row.seed))
        # the worker's BLAS may have other threads, which sum in another order
        assert (row.alpha, row.excess) == pytest.approx((certificate.alpha, certificate.excess), rel=1e-9)
        assert row.holds == certificate.holds
        assert list(row.conditions.values()) == [condition.holds for condition in certificate.conditions]


@pytest.mark.slow
def test_pairs_start_at_zero_and_are_certified_when_wide(study):
    problem = study.spec.problems["start at 0"].problem(11, 0)
    assert problem.V.shape == (1, 10)
    assert study.spec.problems["start at 0"].problem(1, 0).V.shape == (1, 2)
    assert abs(generated_mean(problem.Z, problem.V, problem.W0)).max() < 1e-12
    holds = study.frame().query("problem == 'start at 0'").groupby("k").holds.mean()
    assert (holds[11], holds[30000]) == (0, 1)
    assert study.recommend().width == 30000
    assert study.status()[1].result == "start at 0: 2 of 2 hold"


@pytest.mark.slow
def test_it_has_no_curves_and_makes_no_images(study):
    assert not list(study.folder.glob("k*/*.npz"))
    with pytest.raises(OverganError, match="kind certificate, which makes no images"):
        study.sample(11)


@pytest.mark.slow
def test_conditions_that_hold_nowhere_have_no_recommendation(study, tmp_path):
    narrow = overgan.run(study.folder.parent / "spec.yaml", tmp_path / "study", ["widths=[2]"], **HERE)
    with pytest.raises(OverganError, match="the conditions hold in no run of start at 0 at any width"):
        narrow.recommend()


def test_scale_multiplies_latents():
    spec = load_spec("certificate", scale=0.1)
    assert {problem.n for problem in spec.problems.values()} == {20}
    assert np.isclose(spec.scale, 0.1)
