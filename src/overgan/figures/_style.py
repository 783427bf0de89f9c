"""How the figures look in print: sizes in inches, type, colors, and marks that tell curves apart without color.

Colors differ in luminance, so that they are told apart in grey, and by people who do not see all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

ONE_COLUMN, TWO_COLUMNS = 3.3, 6.8  # inches
HEIGHT = 2.4
PRINTED: dict[Any, Any] = {  # of matplotlib's settings
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "figure.titlesize": 8.0,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,  # TrueType, within the file
    "svg.fonttype": "none",  # text as text
    "text.parse_math": False,  # names may have $ in them
}
REST = "#666666"
MOST_CURVES = 8  # of one order in one panel: the luminance of more is too close
MARKERS = "os^DvPX*"
Line = str | tuple[float, Sequence[float]]  # as matplotlib takes it: a name, or an offset, and inks and gaps
LINES: tuple[Line, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)))
LIGHTEST = 0.85  # of viridis, which ends in a yellow that white paper hides


@dataclass(frozen=True)
class Style:
    """What tells a curve from others: color, marker and line."""

    color: str
    marker: str = "o"
    line: Line = "-"


TRAIN = Style("#0b3d91", "o", "-")  # blue and green, as in the paper
TEST = Style("#3aa356", "s", LINES[1])
MEMORIZED = Style("#333333", "", LINES[3])


def in_order(count: int) -> list[Style]:
    """Styles of so many curves whose colors show their order, dark to light, at most MOST_CURVES."""
    end = LIGHTEST * min(1.0, count / 4)  # of few, all are dark
    colors = [to_hex(colormaps["viridis"](end * i / max(1, count - 1))) for i in range(count)]
    return [Style(color, MARKERS[i], LINES[i % len(LINES)]) for i, color in enumerate(colors)]


def evenly(widths: Sequence[int], most: int = MOST_CURVES) -> list[int]:
    """The widths, but of many only some, evenly among them, the narrowest and the widest included."""
    if len(widths) <= most:
        return list(widths)
    return [widths[i] for i in np.linspace(0, len(widths) - 1, most).round().astype(int)]
