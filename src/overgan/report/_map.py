"""A table of numbers as a map in colour, a data value drawn twice as `_plot.Plot` is."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.subplots
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from overgan.report._plot import FORMATS, MARK, html, saved, to_html, to_images
from overgan.words import number

ROW, BETWEEN, AROUND = 26, 40, 60  # pixels on the page: of a row of cells, between panels, and around them all
DARK = 0.6  # share of the colours' range, beyond which white text is read better
COLOURS = "viridis_r"
FAILED = "×"


@dataclass(frozen=True)
class Cells:
    """One panel: positive numbers in rows, from the bottom, and columns; nan where there is none."""

    title: str
    values: Sequence[Sequence[float]]
    failures: Sequence[Sequence[bool]]  # where some did not come to a number, which a × says
    marked: Sequence[tuple[int, int]]  # row and column of the cells with a frame


@dataclass(frozen=True)
class Map:
    """Panels one below another, with the same rows, columns and colours, which are logarithmic."""

    name: str  # of its file
    title: str
    x_label: str
    y_label: str
    columns: Sequence[str]
    rows: Sequence[str]
    panels: Sequence[Cells]

    @property
    def range(self) -> tuple[float, float]:
        """The logarithms of the least and the greatest number."""
        logs = [math.log(v) for panel in self.panels for row in panel.values for v in row if 0 < v < math.inf]
        return min(logs, default=0.0), max(logs, default=1.0)


def _logs(panel: Cells) -> np.ndarray:
    return np.array([[math.log(v) if 0 < v < math.inf else np.nan for v in row] for row in panel.values])


def _texts(panel: Cells) -> list[list[str]]:
    return [
        [" ".join([number(v, 2)] * (v > 0) + [FAILED] * failed) for v, failed in zip(values, failures, strict=True)]
        for values, failures in zip(panel.values, panel.failures, strict=True)
    ]


@to_html.register
def _(plot: Map) -> str:
    titles = [panel.title for panel in plot.panels]
    height = AROUND + len(titles) * (ROW * len(plot.rows) + BETWEEN)
    between = BETWEEN / height if len(titles) > 1 else 0.0
    figure = plotly.subplots.make_subplots(
        len(titles), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=between
    )
    low, high = plot.range
    for row, panel in enumerate(plot.panels, 1):
        colours = {"colorscale": COLOURS, "zmin": low, "zmax": high, "showscale": False}
        texts = _texts(panel)
        figure.add_heatmap(
            z=_logs(panel), text=texts, texttemplate="%{text}", hoverinfo="skip", row=row, col=1, **colours
        )
        for y, x in panel.marked:
            frame = {"x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
            figure.add_shape(type="rect", line={"color": "black", "width": 3}, row=row, col=1, **frame)
    figure.update_layout(
        height=height,
        template="plotly_white",
        plot_bgcolor=MARK,
        margin={"t": 50, "b": 50, "l": 80, "r": 10},
    )
    figure.update_xaxes(tickvals=list(range(len(plot.columns))), ticktext=list(plot.columns), showgrid=False)
    figure.update_xaxes(title=plot.x_label, row=len(titles))
    ticks = {"tickvals": list(range(len(plot.rows))), "ticktext": list(plot.rows)}
    figure.update_yaxes(showgrid=False, zeroline=False, **ticks)
    middle = {"x": 0, "xref": "paper", "xshift": -50, "y": 0.5, "yref": "paper", "xanchor": "right"}
    figure.add_annotation(text=plot.y_label, textangle=-90, showarrow=False, **middle)  # a panel may be too low for it
    return html(figure, plot.name)


@to_images.register
def _(plot: Map, formats: Iterable[str] = FORMATS) -> dict[str, bytes]:
    count = len(plot.panels)
    figure = Figure(figsize=(7, 0.8 + count * (0.7 + 0.25 * len(plot.rows))), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(plot.title)
    low, high = plot.range
    span = (high - low) or 1.0
    for axes, panel in zip(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0], plot.panels, strict=True):
        logs = _logs(panel)
        colours = colormaps[COLOURS].with_extremes(bad=MARK)
        axes.imshow(np.ma.masked_invalid(logs), cmap=colours, vmin=low, vmax=high, origin="lower", aspect="auto")
        for y, texts in enumerate(_texts(panel)):
            for x, text in enumerate(texts):
                dark = not logs[y, x] < low + DARK * span
                axes.text(x, y, text, ha="center", va="center", color="white" if dark else "black", fontsize="small")
        for y, x in panel.marked:
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=2.5))
        axes.set(title=panel.title)
        axes.set_xticks(range(len(plot.columns)), plot.columns)
        axes.set_yticks(range(len(plot.rows)), plot.rows)
    figure.axes[-1].set_xlabel(plot.x_label)
    figure.supylabel(plot.y_label, fontsize="medium")
    return saved(figure, plot.name, formats)
