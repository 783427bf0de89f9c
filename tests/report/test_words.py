"""What stands beside numbers, maps and plots is what they are."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from overgan.report._cards import called, interval, value
from overgan.report._map import Cells, Map
from overgan.report._plot import Panel, Plot, Series, to_html, to_images
from overgan.report._surface import _uneven
from overgan.study import Estimate, Pair


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("change of FID, in %", "change of FID: 12%"),
        ("growth of FID, in % of test at k = 8", "growth of FID, in % of test at k = 8: 12%"),
        ("exponent of k", "exponent of k: 12"),
    ],
)
def test_of_what_a_number_is_in_percent_is_said(what, shown):
    estimate = Estimate(what, 12.0, 1.0, 20.0)
    assert f"{called(estimate)}: {value(estimate)}" == shown


def test_an_interval_of_one_number_says_so():
    assert interval(Estimate("width", 16.0, 16.0, 16.0)) == "95% interval: 16 alone"
    assert interval(Estimate("width", 16.0, 8.0, 16.0)) == "95% interval: 8 to 16"
    assert interval(Estimate("width", 16.0, math.nan, math.nan)) == ""


def test_a_width_is_exact_where_other_numbers_have_three_digits():
    assert Estimate("width where it levels off", 1024, 512, 2048).shown == ("1,024", "512", "2,048")
    assert Estimate("distance", 1024.0, 512.3, math.nan).shown == ("1,020", "512", "–")


def test_the_corner_of_a_map_names_rows_and_columns_alone():
    axes = ("critic's width; framed: the best", "generator's width")
    html = to_html(Map("name", "title", *axes, ["4"], ["8"], [Cells("", [[1.0]], [[False]], [])]))
    assert "<th>generator&#x27;s width ↑ critic&#x27;s width →</th>" in html
    assert "generator&#x27;s width, against critic&#x27;s width; framed: the best" in html


def test_a_long_label_is_whole_in_an_image():
    label = "mean test classifier Fréchet distance, mean and range over seeds"
    series = Series("a", [1.0, 2.0], [1.0, 3.0], [1.0, 2.0], [2.0, 4.0], "#000000")
    png = to_images(Plot("name", "t", "x", label, [Panel([series])]), ["png"])["png"]
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels[[0, 1, -2, -1], :60] == 255).all()


NAME = "shots $_$"  # to matplotlib a formula, and a wrong one
CURVE = Series(NAME, [1.0, 2.0], [1.0, 3.0], [1.0, 2.0], [2.0, 4.0], "#000000")


@pytest.mark.parametrize(
    "plot",
    [
        Plot("name", NAME, "x", NAME, [Panel([CURVE], NAME)]),
        Map("name", NAME, "x", NAME, ["4"], ["8"], [Cells(NAME, [[1.0]], [[False]], [])]),
    ],
)
def test_dollars_in_a_name_make_no_formula_of_it(plot):
    assert to_images(plot, ["svg"])["svg"].count(b"<!-- shots $_$ -->") >= 3  # title, panel, label


def pair(generator, critic, cost):
    return Pair(generator, critic, np.ones(2), cost)


def test_times_that_do_not_rise_with_widths_are_called_rough():
    def said(*costs):
        pairs = [pair(4, 4, costs[0]), pair(8, 4, costs[1]), pair(8, 8, costs[2])]
        return _uneven(pairs, "seconds")

    assert said(1.0, 1.1, 2.0) == ""
    assert said(1.2, 1.1, 2.0) == ""  # no more than chance
    assert said(1.0, 3.0, 2.0) == (
        "The costs are rough: generator 8 with critic 4 took 3 and generator 8 with critic 8, which is wider, 2 "
        "seconds, so something else kept the machine busy."
    )
