"""A figure as data, drawn twice: interactive by plotly for the page, as a PNG by matplotlib for the folder."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import plotly.subplots
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter

HEIGHT = 420  # pixels on the page
MAX_TICKS = 16  # widths with a label, over all panels side by side
KEY_COLUMNS = 8


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


def against_width(name: str, title: str, y_label: str, panels: Sequence[Panel], *, y_log: bool = False) -> Plot:
    """A plot of curves whose x are widths."""
    return Plot(name, title, "width k", y_label, panels, "widths", y_log)


def over_seeds(name: str, frame: pd.DataFrame, x: str, y: str, color: str, *, dashed: bool = False) -> Series:
    """Mean and range of column y at each value of column x."""
    runs = frame.groupby(x)[y].agg(["mean", "min", "max"]).astype(float)
    mean, low, high = (runs[statistic].tolist() for statistic in ("mean", "min", "max"))
    return Series(name, runs.index.tolist(), mean, low, high, color, dashed)


def without_range(series: Series) -> Series:
    """The curve alone."""
    return replace(series, low=series.y, high=series.y)


def each(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame, str]]:
    """For every value of a column, in the order of the rows: its name, its rows, and a color that shows the order."""
    groups = list(frame.groupby(column, sort=False))
    colors = [to_hex(colormaps["viridis"](0.9 * i / max(1, len(groups) - 1))) for i in range(len(groups))]
    return [(str(name), of, color) for (name, of), color in zip(groups, colors, strict=True)]


def to_html(plot: Plot) -> str:
    """The interactive plot as an HTML element; the page must hold plotly's script."""
    titles = [panel.title for panel in plot.panels]
    figure = plotly.subplots.make_subplots(1, len(titles), shared_yaxes=True, subplot_titles=titles)
    named: set[str] = set()
    for column, panel in enumerate(plot.panels, 1):
        for series in panel.series:
            red, green, blue = (round(255 * c) for c in to_rgb(series.color))
            band = {"fill": "toself", "fillcolor": f"rgba({red},{green},{blue},0.15)", "line": {"width": 0}}
            place = {"row": 1, "col": column, "legendgroup": series.name}
            x = [*series.x, *reversed(series.x)]
            y = [*series.low, *reversed(series.high)]
            figure.add_scatter(x=x, y=y, mode="lines", showlegend=False, hoverinfo="skip", **band, **place)
            figure.add_scatter(
                x=series.x,
                y=series.y,
                customdata=list(zip(series.low, series.high, strict=True)),
                name=series.name,
                showlegend=series.name not in named,
                mode="lines" if plot.x == "log" else "lines+markers",
                line={"color": series.color, "dash": "dash" if series.dashed else "solid"},
                hovertemplate="%{y:.4g} (%{customdata[0]:.4g} … %{customdata[1]:.4g})",
                **place,
            )
            named.add(series.name)
    margin = {"t": 80 if any(titles) else 50, "b": 50}
    figure.update_layout(title=plot.title, height=HEIGHT, template="plotly_white", hovermode="x unified", margin=margin)
    figure.update_xaxes(title=plot.x_label, type="linear" if plot.x == "linear" else "log")
    figure.update_yaxes(type="log" if plot.y_log else "linear", exponentformat="power")
    figure.update_yaxes(title=plot.y_label, col=1)
    if plot.x == "widths":
        ticks = _ticks(plot)
        figure.update_xaxes(tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    html: str = figure.to_html(full_html=False, include_plotlyjs=False, div_id=plot.name)
    return html


def to_png(plot: Plot) -> bytes:
    """The plot as a PNG, 675 pixels high and 1050 wide, wider with several panels."""
    count = len(plot.panels)
    figure = Figure(figsize=(7 if count == 1 else 2 + 4 * count, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(plot.title)
    named: dict[str, Artist] = {}
    for axes, panel in zip(figure.subplots(1, count, sharey=True, squeeze=False)[0], plot.panels, strict=True):
        axes.set(title=panel.title, xlabel=plot.x_label)
        for series in panel.series:
            style = {"linestyle": "--"} if series.dashed else {}
            marker = {} if plot.x == "log" else {"marker": "o", "markersize": 3}
            (line,) = axes.plot(series.x, series.y, color=series.color, label=series.name, **style, **marker)
            axes.fill_between(series.x, series.low, series.high, color=series.color, alpha=0.15, linewidth=0)
            named.setdefault(series.name, line)
        axes.set(xscale="linear" if plot.x == "linear" else "log", yscale="log" if plot.y_log else "linear")
        if plot.x == "widths":
            axes.set_xticks(_ticks(plot), minor=False)
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel(plot.y_label)
    if count == 1:
        figure.axes[0].legend(fontsize="small", ncols=1 + len(named) // 6)
    else:
        figure.legend(named.values(), list(named), loc="outside lower center", ncols=KEY_COLUMNS, fontsize="small")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _ticks(plot: Plot) -> list[float]:
    """Widths from the narrowest, so far apart that their labels do not touch."""
    widths = sorted({x for panel in plot.panels for series in panel.series for x in series.x})
    apart = math.log(widths[-1] / widths[0]) * len(plot.panels) / MAX_TICKS if widths else 0.0
    ticks: list[float] = []
    for width in widths:
        if not ticks or math.log(width / ticks[-1]) >= apart:
            ticks.append(width)
    return ticks
