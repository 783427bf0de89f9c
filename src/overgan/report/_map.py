"""A table of numbers as a map in colour: a table on the page, and an image by matplotlib."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from overgan.report._plot import FORMATS, MARK, TEXT, saved, to_html, to_images
from overgan.words import number

LIGHT = 0.179  # luminance above which black has more contrast than white
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
    name, title, x_label, y_label = map(escape, (plot.name, plot.title, plot.x_label, plot.y_label))
    box = f'<div class="table" id="{name}" tabindex="0" role="region" aria-label="{title}">'
    return f'<p class="axis">{y_label}, against {x_label}</p>{box}{"".join(_table(plot, p) for p in plot.panels)}</div>'


def _table(plot: Map, panel: Cells) -> str:
    """One panel, its last row on top."""
    marks = [[(y, x) in panel.marked for x in range(len(plot.columns))] for y in range(len(plot.rows))]
    rows = [
        f"<tr><th>{escape(name)}</th>{''.join(map(_cell, texts, styles, marked))}</tr>"
        for name, texts, styles, marked in zip(plot.rows, _texts(panel), _styles(plot, panel), marks, strict=True)
    ]
    caption = f"<caption>{escape(panel.title)}</caption>" if panel.title else ""
    columns = "".join(f"<th>{escape(name)}</th>" for name in plot.columns)
    down, across = (escape(label.partition(";")[0]) for label in (plot.y_label, plot.x_label))  # the rest is above
    foot = f"<tr><th>{down} ↑ {across} →</th>{columns}</tr>"
    return f'<table class="map">{caption}{"".join(reversed(rows))}{foot}</table>'


def _cell(text: str, style: str, marked: bool) -> str:
    if marked:
        return f'<td style="{style}" class=best><strong>{text}</strong><span class=unseen> best</span></td>'
    return f'<td style="{style}">{text}</td>'


def _styles(plot: Map, panel: Cells) -> list[list[str]]:
    """The style of each cell: its colour, and that of its text."""
    low, high = plot.range
    span = (high - low) or 1.0
    styles = []
    for row in (_logs(panel) - low) / span:
        colours = [MARK if math.isnan(share) else to_hex(colormaps[COLOURS](share)) for share in row]
        styles.append([f"background:{colour};color:{_text_on(colour)}" for colour in colours])
    return styles


def _text_on(colour: str) -> str:
    """Black or white, whichever is read better on it, by the luminance that accessibility is measured by (WCAG 2)."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return "black" if 0.2126 * r + 0.7152 * g + 0.0722 * b > LIGHT else "white"


@to_images.register
@matplotlib.rc_context(TEXT)
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
