"""What is foretold in a report: drawn dashed, said with its interval, and never a recommendation."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from overgan.report._plot import to_html, to_images
from overgan.report.pages._gan_figures import figures, frechet_against_width, frechet_over_iterations
from overgan.report.pages._gan_findings import findings
from tests.racing import write_study

ITERATIONS = np.arange(1, 11) * 100


def rows(by_width):
    """values: by width, of each evaluation; three runs about each."""
    found = [
        {"k": k, "seed": seed, "iteration": t, "frechet_train": value, "frechet_test": value}
        for k, curve in by_width.items()
        for seed in range(3)
        for t, value in zip(ITERATIONS, curve * (1 + 0.02 * (seed - 1)), strict=True)
    ]
    return pd.DataFrame(found)


FALL = (ITERATIONS / 1000) ** np.log2(0.8)  # by a fifth a doubling
ROWS = rows({4: 10 * FALL, 8: np.full(10, 5.0), 16: 2.5 * FALL, 32: 1.25 * FALL})


def test_over_iterations_each_curve_goes_on_dashed_to_twice_as_many():
    plot = frechet_over_iterations(ROWS, "pixels", ROWS.rename(columns={"frechet_test": "value"}))
    (panel,) = plot.panels
    assert [(s.name, s.dashed) for s in panel.series[:4]] == [
        ("k = 4", False),
        ("k = 4", True),
        ("k = 8", False),
        ("k = 8", True),
    ]
    (before, ahead), level = panel.series[:2], panel.series[3]
    assert (ahead.x[0], ahead.x[-1]) == (1000, 2000)
    assert ahead.color == before.color
    assert ahead.y[-1] == pytest.approx(8, rel=0.03)
    assert level.y[-1] == pytest.approx(5, rel=0.03)
    assert all(s.low[i] <= s.y[i] <= s.high[i] for s in (ahead, level) for i in range(len(s.x)))
    assert to_html(plot).count('"dashed":true') == 4
    assert Image.open(io.BytesIO(to_images(plot, ["png"])["png"])).size[0] > 0


def test_where_runs_came_to_rest_no_curve_goes_on():
    (panel,) = frechet_over_iterations(ROWS, "pixels").panels
    assert not any(s.dashed for s in panel.series)


def test_over_widths_the_law_goes_on_to_the_next():
    final = ROWS[ROWS.iteration == 1000]
    *_, law = frechet_against_width(final, "pixels").panels[0].series
    assert (law.x, law.dashed) == ([32, 64], True)
    assert law.y == [pytest.approx(1.25), pytest.approx(0.625, rel=0.15)]
    assert law.low[1] <= 0.625 <= law.high[1]
    assert len(frechet_against_width(final[final.k < 32], "pixels").panels[0].series) == 2  # three widths have no law


def test_over_widths_nothing_is_foretold_where_a_wider_one_diverged(tmp_path):
    values = {k: [20 / k, 21 / k, 19 / k] for k in (4, 8, 16, 32)} | {64: [math.inf] * 3}
    study = write_study(tmp_path, values)
    assert not any("By the law over widths" in sentence for sentence in findings(study))
    assert len(figures(study)[0].panels[0].series) == 2
    assert any("By the law over widths" in of for of in findings(study.narrowed([4, 8, 16, 32])))
