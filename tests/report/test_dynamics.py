"""The figures of how training goes, against width."""

import numpy as np
import pytest

from overgan.report import report_content
from overgan.report.pages._gan_dynamics import dynamics
from tests.study.courses import study_of
from tests.study.test_claim_convergence import falling
from tests.study.test_claim_laziness import moving
from tests.study.test_claim_stability import shaking
from tests.study.test_claim_theory import study_of as theory_study


def figures(study):
    return {plot.name: plot.panels[0].series for plot in dynamics(study)}


def test_a_run_that_never_comes_to_the_distance_is_drawn_at_the_end(tmp_path):
    study = study_of(tmp_path, falling(lambda k: 400 / k), lost=[(2, 0)])
    (runs,) = figures(study)["iterations-to-target"]
    assert runs.x == [2, 4, 8, 16]
    assert runs.low[0] == runs.high[0] == 1000  # no run of k = 2 does; one diverged
    assert runs.y[1] > runs.y[2] > runs.y[3]


def test_variation_of_runs_and_spread_of_seeds(tmp_path):
    study = study_of(tmp_path, shaking(lambda k: 0.2 / k), lost=[(2, 0), (2, 1), (2, 2)])
    runs, seeds = figures(study)["variation"]
    assert runs.x == seeds.x == [4, 8, 16]
    assert runs.low[0] > runs.high[2]


def test_the_power_law_goes_through_the_distances_from_initialization(tmp_path):
    study = study_of(tmp_path, lambda *_: 1.0, moved=moving(-0.5, 0.25, noise=0.0))
    generator, law, critic, critic_law = figures(study)["distance-from-initialization"]
    assert (law.name, critic_law.name) == ("generator, k^-0.5", "critic, k^0.25")
    assert law.dashed
    np.testing.assert_allclose(law.y, generator.y)
    np.testing.assert_allclose(critic_law.y, critic.y)


@pytest.mark.parametrize("changed", [{"unfinished": (2, 4)}, {"lost": [(2, 0), (4, 0)]}])
def test_without_runs_there_is_nothing_to_draw(tmp_path, changed):
    assert figures(study_of(tmp_path, falling(lambda k: 400 / k), widths=(2, 4), seeds=1, **changed)) == {}


def test_the_page_of_predictions_says_how_far_weights_moved(tmp_path):
    norms = {"residual": 1.0, "predicted": 1.0, "initial_residual": 1.0, "steps": 1, "within": True}
    study = theory_study(
        tmp_path, "prediction", lambda k, _s, _c: norms | {"gap": 1 / k, "moved": 2 / k}, case=("a", "b")
    )
    for k in (2, 4, 8, 16):
        for seed in (0, 1, 2):
            curves = {f"{case} {which}": np.ones(2) for case in "ab" for which in ("measured", "predicted")}
            np.savez_compressed(study.group(k) / f"residuals-{seed:04d}.npz", **curves)
    content = report_content(study)
    moved = next(plot for plot in content.plots if plot.name == "moved")
    np.testing.assert_allclose(moved.panels[0].series[0].y, [1, 0.5, 0.25, 0.125])
    names = {plot.name for plot in content.plots}
    assert {name for claim in content.claims for name in claim.figures} <= names
