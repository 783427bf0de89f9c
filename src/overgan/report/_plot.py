"""A figure as data, drawn twice: interactive by the page's script, as an image by matplotlib for the folder."""

import io
import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from overgan.report._ticks import log_ticks, plain

FORMATS = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}  # and metadata: the same bytes every time
TEXT: dict[Any, Any] = {"text.parse_math": False}  # of matplotlib's settings: names may have $ in them
MARK = "#888888"
MAX_TICKS = 16  # widths with a label, over all panels side by side
KEY_COLUMNS = 8
LONGEST = 40  # characters of a key that has its place within the axes
Y_LABEL = 56  # characters of a line beside an image's axis
MANY = 400  # points, among which a free place for the key would take long to find
MAX_CURVES = 12  # for widths, in one panel: more hide each other, and their key hides them all


@dataclass(frozen=True)
class Series:
    """One curve: its value at each x, and the range from low to high around it."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    color: str  # #rrggbb
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """Curves over one pair of axes; the same name in several panels means the same color and one entry in the key."""

    series: Sequence[Series]
    title: str = ""


@dataclass(frozen=True)
class Plot:
    """Panels side by side, which share their axes' kinds and labels, and the range of y."""

    name: str  # of its file
    title: str
    x_label: str
    y_label: str
    panels: Sequence[Panel]
    x: Literal["linear", "log", "widths"] = "linear"  # widths: logarithmic, with ticks at widths only
    y_log: bool = False
    mark: float | None = None  # the recommended width, if one is


def against_width(name: str, title: str, y_label: str, panels: Sequence[Panel], *, y_log: bool = False) -> Plot:
    """A plot of curves whose x are widths."""
    return Plot(name, title, "width k", y_label, panels, "widths", y_log)


def over_seeds(name: str, frame: pd.DataFrame, x: str, y: str, color: str, *, dashed: bool = False) -> Series:
    """Mean and range of column y at each value of column x."""
    runs = frame.groupby(x)[y].agg(["mean", "min", "max"]).astype(float)
    mean, low, high = (runs[statistic].tolist() for statistic in ("mean", "min", "max"))
    return Series(name, runs.index.tolist(), mean, low, high, color, dashed)


def median_of_seeds(name: str, frame: pd.DataFrame, x: str, y: str, color: str) -> Series:
    """Median of column y at each value of column x, alone."""
    median = frame.groupby(x)[y].median().astype(float)
    return Series(name, median.index.tolist(), *3 * (median.tolist(),), color)


def without_range(series: Series) -> Series:
    """The curve alone."""
    return replace(series, low=series.y, high=series.y)


def each(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame, str]]:
    """For every value of a column, in the order of the rows: its name, its rows, and a color that shows the order."""
    groups = list(frame.groupby(column, sort=False))
    return [(str(name), of, color) for (name, of), color in zip(groups, each_color(len(groups)), strict=True)]


def each_color(count: int) -> list[str]:
    """So many colors that show an order."""
    return [to_hex(colormaps["viridis"](0.9 * i / max(1, count - 1))) for i in range(count)]


def each_width(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame, str]]:
    """`each` of the widths, but of many only twelve, evenly among them, the narrowest and the widest included."""
    widths = frame.k.unique()
    if len(widths) > MAX_CURVES:
        widths = widths[np.linspace(0, len(widths) - 1, MAX_CURVES).round().astype(int)]
    return each(frame[frame.k.isin(widths)], "k")


def of_widths(frame: pd.DataFrame) -> str:
    """What a title says of the curves of `each_width`, if those are not of all widths."""
    count = frame.k.nunique()
    return f" ({MAX_CURVES} of {count} widths)" if count > MAX_CURVES else ""


@singledispatch
def to_html(plot: Any) -> str:
    """What the page's scripts make an interactive plot of; a page that `render` makes with plots has them."""
    raise TypeError(f"{type(plot).__name__} is no figure")


@to_html.register
def _(plot: Plot) -> str:
    figure: dict[str, Any] = {
        "x": {"label": plot.x_label, "type": "linear" if plot.x == "linear" else "log"},
        "y": {"label": plot.y_label, "type": "linear"},
        "markers": plot.x != "log",
        "panels": [{"title": panel.title, "series": list(map(_drawn, panel.series))} for panel in plot.panels],
    }
    for axis, (ticks, labels) in _log_axes(plot).items():
        figure[axis] |= {"type": "log", "tickvals": ticks, "ticktext": labels}
    if plot.mark is not None:
        figure["mark"] = plot.mark
    text = json.dumps(figure, allow_nan=False, separators=(",", ":")).replace("<", r"\u003c")  # no end of the script
    label = f"{plot.title}: {plot.y_label}, against {plot.x_label}"
    return (
        f'<p class="axis" aria-hidden="true">{escape(plot.y_label)}</p>\n'
        f'<div class="chart" id="{escape(plot.name)}" role="img" aria-label="{escape(label)}">'
        f'<script type="application/json">{text}</script></div>'
    )


def _drawn(series: Series) -> dict[str, Any]:
    """A curve as the page's script draws it: whole numbers, and others in six digits, more than a screen shows."""
    drawn: dict[str, Any] = {"name": series.name, "color": series.color, "x": _digits(series.x), "y": _digits(series.y)}
    if series.dashed:
        drawn["dashed"] = True
    if (low := _digits(series.low)) != drawn["y"] or _digits(series.high) != drawn["y"]:
        drawn |= {"low": low, "high": _digits(series.high)}
    return drawn


def _digits(values: Iterable[float]) -> list[float | None]:
    return [float(v if v % 1 == 0 else f"{v:.6g}") if math.isfinite(v) else None for v in values]


@singledispatch
def to_images(plot: Any, formats: Iterable[str] = FORMATS) -> dict[str, bytes]:
    """The figure as a file of each of some FORMATS, 7 inches wide, wider with several panels; PNG at 150 dpi."""
    raise TypeError(f"a {type(plot).__name__} is no figure, and is not drawn as {list(formats)}")


@to_images.register
@matplotlib.rc_context(TEXT)
def _(plot: Plot, formats: Iterable[str] = FORMATS) -> dict[str, bytes]:
    count = len(plot.panels)
    figure = Figure(figsize=(7 if count == 1 else 2 + 4 * count, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(plot.title)
    named: dict[str, Artist] = {}
    log_axes = _log_axes(plot)
    for axes, panel in zip(figure.subplots(1, count, sharey=True, squeeze=False)[0], plot.panels, strict=True):
        axes.set(title=panel.title, xlabel=plot.x_label)
        for series in panel.series:
            style = {"linestyle": "--"} if series.dashed else {}
            marker = {} if plot.x == "log" and len(series.x) > 1 else {"marker": "o", "markersize": 3}
            (line,) = axes.plot(series.x, series.y, color=series.color, label=series.name, **style, **marker)
            axes.fill_between(series.x, series.low, series.high, color=series.color, alpha=0.15, linewidth=0)
            named.setdefault(series.name, line)
        axes.set(xscale="log" if "x" in log_axes else "linear", yscale="log" if "y" in log_axes else "linear")
        for name, (ticks, labels) in log_axes.items():
            axis = axes.xaxis if name == "x" else axes.yaxis
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_major_formatter(FixedFormatter(labels))
            axis.set_minor_locator(NullLocator())
        if plot.mark is not None:
            axes.axvline(plot.mark, color=MARK, linestyle=":")
            axes.annotate(
                "recommended", (plot.mark, 1), (3, -10), ("data", "axes fraction"), "offset points", color=MARK
            )
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel(textwrap.fill(plot.y_label, Y_LABEL))
    longest = max(map(len, named), default=0)
    points = sum(len(series.x) for panel in plot.panels for series in panel.series)
    if count == 1 and longest <= LONGEST and points <= MANY:
        figure.axes[0].legend(named.values(), list(named), fontsize="small", ncols=1 + len(named) // 6)
    else:
        columns = KEY_COLUMNS if longest <= LONGEST else 2
        figure.legend(named.values(), list(named), loc="outside lower center", ncols=columns, fontsize="small")
    return saved(figure, plot.name, formats)


def saved(figure: Figure, name: str, formats: Iterable[str], dpi: int = 150) -> dict[str, bytes]:
    """A figure of matplotlib's as a file of each of some FORMATS; dpi: of what is made of pixels."""
    figure.canvas.draw()
    figure.set_layout_engine("none")  # as it was laid out now, in every format
    files = {}
    with matplotlib.rc_context({"svg.hashsalt": name}):
        for kind in formats:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=dpi, metadata=FORMATS[kind])
            files[kind] = buffer.getvalue()
    return files


def _log_axes(plot: Plot) -> dict[str, tuple[list[float], list[str]]]:
    """Ticks and labels of the logarithmic axes that have values, by "x" and "y"."""
    series = [one for panel in plot.panels for one in panel.series]
    ticks = {}
    if plot.x == "widths":
        ticks["x"] = _widths(plot)
    elif plot.x == "log":
        ticks["x"] = log_ticks([x for one in series for x in one.x])
    if plot.y_log:
        ticks["y"] = log_ticks([y for one in series for y in [*one.low, *one.y, *one.high]])
    return {axis: (at, [plain(t) for t in at]) for axis, at in ticks.items() if at}


def _widths(plot: Plot) -> list[float]:
    """Widths from the narrowest, so far apart that their labels do not touch."""
    widths = sorted({x for panel in plot.panels for series in panel.series for x in series.x})
    apart = math.log(widths[-1] / widths[0]) * len(plot.panels) / MAX_TICKS if widths else 0.0
    ticks: list[float] = []
    for width in widths:
        if not ticks or math.log(width / ticks[-1]) >= apart:
            ticks.append(width)
    return ticks
