"""Claims in simulated studies whose truth is known: `benchmarks/claims_coverage.py`, small."""

import importlib.util
from pathlib import Path

import pytest
import scipy

PATH = Path(__file__).parents[2] / "benchmarks" / "claims_coverage.py"
STUDIES, SEEDS = 100, 5
HALF_ERROR = 0.025  # of an interval at one side: with which a verdict is wrong at most
CHANCE = 1e-4  # that a test fails of a claim that is right

spec = importlib.util.spec_from_file_location("claims_coverage", PATH)
coverage = importlib.util.module_from_spec(spec)
spec.loader.exec_module(coverage)


@pytest.mark.slow
@pytest.mark.parametrize("case", coverage.CASES)
def test_intervals_hold_the_truth_and_verdicts_are_hardly_ever_wrong(case, monkeypatch):
    monkeypatch.setattr("overgan.study.analysis._change.DRAWS", 4000)
    monkeypatch.setattr(coverage, "FOR_TRUTH", 60)
    held, right, wrong, unknown = coverage.simulated(case, SEEDS, STUDIES)
    assert STUDIES * held >= scipy.stats.binom.ppf(CHANCE, STUDIES, 1 - 2 * HALF_ERROR)
    sides = 2 if coverage.CASES[case][0] == "cannot tell" else 1
    assert STUDIES * wrong <= scipy.stats.binom.isf(CHANCE, STUDIES, sides * HALF_ERROR)
    assert right + wrong + unknown == pytest.approx(1)
