"""Curves are told apart in grey, and by people who do not see all colors."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from overgan import figures

# Machado, Oliveira and Fernandes (IEEE TVCG 2009), severity 1.0; they apply to linear RGB
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
TRITANOPIA = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
LUMINANCE = [0.2126729, 0.7151522, 0.0721750]  # of sRGB (IEC 61966-2-1)
SEEN = {
    "all colors": np.eye(3),
    "protanopia": PROTANOPIA,
    "deuteranopia": DEUTERANOPIA,
    "tritanopia": TRITANOPIA,
    "grey": [LUMINANCE] * 3,
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], LUMINANCE, [0.0193339, 0.1191920, 0.9503041]]
WHITE = [0.95047, 1.0, 1.08883]
LEAST = 8.0  # of CIELAB's ΔE; about 2.3 is just noticed side by side
ROUNDING = 0.02  # inches, of which a pixel has 0.01
ON_WHITE = 1.5  # contrast with paper of the lightest line, as of WCAG


def linear(color):
    c = np.asarray(to_rgb(color))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    t = np.asarray(XYZ) @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colors, seen):
    """The least distance of two of the colors, as somebody sees them."""
    points = [lab(np.asarray(SEEN[seen]) @ linear(color)) for color in colors]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2))


def test_distances_are_those_of_cielab():
    assert lab(linear("white")) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab(linear("red")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)  # as published for sRGB
    assert nearest(["#ff0000", "#00ff00"], "deuteranopia") < nearest(["#ff0000", "#00ff00"], "all colors") / 2


def lines(axes):
    return [line for line in axes.lines if not line.get_label().startswith("k of the")]


@pytest.fixture
def panels(make_gan):
    """The axes of every figure with several curves, of as many widths as have a curve, and more."""
    study = make_gan(widths=list(range(1, 13)), nnd=True)
    drawn = [figures.fig1(study), figures.fig4(study), figures.fig5(study), figures.fig6(study)]
    return [axes for one in drawn for axes in one.figure.axes if len(lines(axes)) > 1]


def test_any_two_curves_differ_to_every_eye_and_without_color_too(panels):
    assert len(panels) == 5
    for axes in panels:
        for seen in SEEN:
            assert nearest([line.get_color() for line in lines(axes)], seen) >= LEAST, seen
        ways = [(line.get_marker(), line.get_linestyle()) for line in lines(axes)]
        assert len(set(ways)) == len(ways)
        for line in lines(axes):
            assert 1.05 / (np.dot(LUMINANCE, linear(line.get_color())) + 0.05) >= ON_WHITE


def boxes(axes):
    """Where the labels of the ticks are, in pixels, by axis."""
    renderer = axes.figure.canvas.get_renderer()
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        shown = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high and t.label1.get_text()]
        yield [tick.label1.get_window_extent(renderer) for tick in shown]


@pytest.mark.parametrize("widths", [[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048], [4, 8, 10, 15, 20, 1000], [7]])
def test_labels_overlap_nowhere_and_nothing_is_cut_off(make_gan, widths):
    data = {"name": "folder", "root": "images-" + "of-a-long-name" * 7}
    study = make_gan(widths=widths, nnd=True, neighbours=True, scale=0.001, data=data)
    for draw in (figures.fig1, figures.fig3, figures.fig4, figures.fig5, figures.fig6, figures.fig10):
        figure = draw(study).figure
        figure.canvas.draw()
        for axes in figure.axes:
            for labels in boxes(axes) if axes.axison else ():
                assert len(labels) > 0
                assert not any(a.overlaps(b) for a, b in itertools.combinations(labels, 2)), draw
        inside = figure.get_tightbbox(figure.canvas.get_renderer())  # inches
        wide, high = figure.get_size_inches()
        assert -ROUNDING <= inside.x0 <= inside.x1 <= wide + ROUNDING, draw
        assert -ROUNDING <= inside.y0 <= inside.y1 <= high + ROUNDING, draw
