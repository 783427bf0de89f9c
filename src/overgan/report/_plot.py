"""A plot as data, drawn twice: interactive by plotly for the page, as a PNG by matplotlib for the folder."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter

HEIGHT = 420  # pixels on the page


@dataclass(frozen=True)
class Series:
    """One curve: mean at each x, and the range from low to high around it."""

    name: str
    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    color: str  # #rrggbb


@dataclass(frozen=True)
class Plot:
    """Curves over one pair of axes."""

    name: str  # of its file
    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    x_is_width: bool = False  # a logarithmic axis with a tick at every width
    y_log: bool = False


def to_html(plot: Plot) -> str:
    """The interactive plot as an HTML element; the page must hold plotly's script."""
    figure = go.Figure()
    for series in plot.series:
        red, green, blue = (round(255 * c) for c in to_rgb(series.color))
        band = {"fill": "toself", "fillcolor": f"rgba({red},{green},{blue},0.15)", "line": {"width": 0}}
        x = [*series.x, *reversed(series.x)]
        y = [*series.low, *reversed(series.high)]
        group = {"legendgroup": series.name}
        figure.add_scatter(x=x, y=y, mode="lines", showlegend=False, hoverinfo="skip", **band, **group)
        figure.add_scatter(
            x=series.x,
            y=series.mean,
            customdata=list(zip(series.low, series.high, strict=True)),
            name=series.name,
            mode="lines+markers",
            line={"color": series.color},
            hovertemplate="%{y:.4g} (%{customdata[0]:.4g} … %{customdata[1]:.4g})",
            **group,
        )
    figure.update_layout(
        title=plot.title,
        height=HEIGHT,
        template="plotly_white",
        hovermode="x unified",
        margin={"t": 50, "b": 50},
    )
    figure.update_xaxes(title=plot.x_label)
    figure.update_yaxes(title=plot.y_label, type="log" if plot.y_log else "linear")
    if plot.x_is_width:
        ticks = _ticks(plot)
        figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    html: str = figure.to_html(full_html=False, include_plotlyjs=False, div_id=plot.name)
    return html


def to_png(plot: Plot) -> bytes:
    """The plot as a PNG of 1050 × 675 pixels."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title=plot.title, xlabel=plot.x_label, ylabel=plot.y_label)
    for series in plot.series:
        axes.plot(series.x, series.mean, marker="o", markersize=3, color=series.color, label=series.name)
        axes.fill_between(series.x, series.low, series.high, color=series.color, alpha=0.15, linewidth=0)
    if plot.x_is_width:
        axes.set_xscale("log")
        axes.set_xticks(_ticks(plot), minor=False)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
    if plot.y_log:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=1 + len(plot.series) // 6)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _ticks(plot: Plot) -> list[float]:
    return sorted({x for series in plot.series for x in series.x})
