"""How often what the project says with 95 % confidence holds, in simulated studies of few seeds.

benchmarks/intervals_coverage.py has all of them, with noise of four kinds.
"""

import runpy
from pathlib import Path

import numpy as np
import pytest

from overgan.study.analysis import Scaling

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "intervals_coverage.py"))
STUDIES = 400  # a share of 95 % is then known to 1.1 %


def share(claim, seeds, studies=STUDIES):
    random = np.random.default_rng(seeds)
    return np.mean([BENCHMARK[claim]("normal", seeds, random) for _ in range(studies)])


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_interval_of_an_exponent_is_exact_where_best_steps_are_lognormal(seeds):
    random, held = np.random.default_rng(seeds), 0
    for _ in range(STUDIES):
        logs = -np.log([[2], [4], [8]]) + random.normal(0, 0.3, (3, seeds))
        low, high = Scaling(dict(zip((2, 4, 8), map(tuple, np.exp(logs)), strict=True)), ()).interval
        held += low <= -1 <= high
    assert abs(held / STUDIES - 0.95) < 3 * 0.011


def test_percentiles_of_resampled_seeds_would_not_do():
    assert share("percentile_bootstrap", 5) < 0.9
    assert share("students", 5) > 0.95 - 3 * 0.011


@pytest.mark.parametrize("claim", ["rule_that_holds", "neither_above_nor_below", "not_failing", "not_falling"])
def test_what_chance_explains_is_said_of_few_studies(claim):
    """18 slopes of a rule are judged at once, six widths' gaps: each at 5 % of its own, 20 to 60 % would be wrong."""
    assert share(claim, 3, 120) > 0.95 - 3 * 0.02
