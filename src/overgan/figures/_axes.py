"""Curves and pictures on matplotlib's axes."""

import math
import textwrap
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from overgan.figures._style import Style
from overgan.report import Series, log_ticks, plain

BAND = 0.18  # opacity
SPANS = 10.0  # from the least to the greatest, beyond which values are drawn on a logarithmic axis
LETTER, MARGIN = 0.07, 0.8  # inches: a letter of a title, and what is beside the axes below it
DIGIT, APART = 0.055, 0.09  # inches: a digit of a label, and between two labels
MARKS = 9  # of a curve over iterations

Curve = tuple[Series, Style]


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure of so many inches, which needs no window."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(_wrapped(title, width))
    return figure


def one_plot(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """A figure of so many inches with one pair of axes, and these."""
    figure = new_figure(width, height)
    axes = figure.subplots()
    axes.set_title(_wrapped(title, width - MARGIN))
    return figure, axes


def _wrapped(title: str, inches: float) -> str:
    """In as many lines as it takes; a word that is longer than a line, such as a folder's name, is broken."""
    return "\n".join(textwrap.wrap(title, int(inches / LETTER)))


def draw_curves(axes: Axes, curves: Sequence[Curve], *, every_mark: bool = True) -> None:
    """Each curve with its spread as a band.

    every_mark: whether each point has a marker; else, of long curves, only some have one.
    """
    for place, (series, style) in enumerate(curves):
        marks = None if every_mark else _marks(len(series.x), place)
        axes.plot(
            series.x,
            series.y,
            color=style.color,
            label=series.name,
            linestyle=style.line,
            linewidth=1.2,
            marker=style.marker or None,
            markersize=3.5,
            markevery=marks,
        )
        axes.fill_between(series.x, series.low, series.high, color=style.color, alpha=BAND, linewidth=0)
    axes.grid(alpha=0.3, linewidth=0.5)


def _marks(count: int, place: int) -> tuple[int, int]:
    """The first marker of a curve and the distance of the others; those of several curves are not above each other."""
    step = max(1, count // MARKS)
    return place % step, step


def width_axis(axes: Axes, widths: Sequence[int], label: str, inches: float) -> None:
    """A logarithmic axis with ticks at the widths, labelled as far apart as their numbers need."""
    axes.set_xscale("log", base=2)
    low, high = min(widths), max(widths)
    margin = 1.15 if low < high else 2.0
    axes.set_xlim(low / margin, high * margin)
    ticks = _labelled(sorted(widths), inches / math.log(high * margin / (low / margin)))
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([str(width) for width in ticks]))
    axes.xaxis.set_minor_locator(FixedLocator([width for width in widths if width not in ticks]))
    axes.xaxis.set_minor_formatter(FixedFormatter([]))
    axes.set_xlabel(label)


def _labelled(widths: Sequence[int], unit: float) -> list[int]:
    """The widths whose labels do not touch, the widest among them; of evenly spaced ones every second, or third, ….

    unit: inches of a natural unit of log k.
    """

    def fit(narrow: int, wide: int) -> bool:
        digits = len(f"{narrow}{wide}") / 2
        return unit * math.log(wide / narrow) >= DIGIT * digits + APART

    if len({round(math.log(b / a), 6) for a, b in pairwise(widths)}) <= 1:
        for step in range(1, len(widths)):
            chosen = widths[::-1][::step]
            if all(fit(narrow, wide) for wide, narrow in pairwise(chosen)):
                return list(chosen)
    chosen = [widths[-1]]
    for width in reversed(widths):
        if width < chosen[-1] and fit(width, chosen[-1]):
            chosen.append(width)
    return chosen


def value_axis(axes: Axes, curves: Sequence[Curve], label: str) -> bool:
    """The axis of values; whether it is logarithmic, as it is where they are positive and span much."""
    values = [y for series, _ in curves for y in series.y]
    logarithmic = bool(values) and min(values) > 0 and max(values) > SPANS * min(values)
    axes.set_ylabel(label)
    if logarithmic:
        edges = [y for series, _ in curves for side in (series.low, series.y, series.high) for y in side]
        positive = [y for y in edges if y >= min(values) / 2]  # a spread may reach below 0
        axes.set_yscale("log")
        axes.set_ylim(min(positive) / 1.1, max(positive) * 1.1)
        ticks = log_ticks(positive)
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_major_formatter(FixedFormatter([plain(tick) for tick in ticks]))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return logarithmic


def iteration_axis(axes: Axes) -> None:
    """The axis of iterations, its large numbers with commas."""
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("iteration")


def key(axes: Axes) -> None:
    """What each curve is, within the axes where it hides the least."""
    axes.legend(handlelength=2.6, borderaxespad=0.3, framealpha=0.8)


def draw_picture(axes: Axes, picture: UInt8[np.ndarray, "height width channels"], title: str) -> None:
    """A picture as it is, without axes."""
    shown = picture[..., 0] if picture.shape[2] == 1 else picture
    axes.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set_title(title)
    axes.set_axis_off()
