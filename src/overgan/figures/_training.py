"""Fréchet distance over the iterations, a curve for each width: Fig. 5, and the right part of Fig. 1."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overgan.errors import OverganError
from overgan.figures._axes import Curve, draw_curves, iteration_axis, one_plot, value_axis
from overgan.figures._captions import Original, caption, compared, cut, of_gan, spread, unlike_gan
from overgan.figures._distance import distance_label, distance_words
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._seeds import DEVIATION, finite, mean_and_deviation
from overgan.figures._style import HEIGHT, MOST_CURVES, ONE_COLUMN, evenly, in_order
from overgan.figures._titles import figure_name, title
from overgan.study.gan import GanStudy

FIG_5 = Original(("dcgan",), ("cifar10", "celeba"))
WITH_KEY = ONE_COLUMN + 0.5  # inches, with the key at the right


def fig5(study: GanStudy, features: str) -> PaperFigure:
    """The curves of all widths, finished or not."""
    frame = evaluated(study, features)
    figure, axes = one_plot(WITH_KEY, HEIGHT, title(study))
    logarithmic = distance_over_iterations(axes, frame, features)
    key_beside(figure, axes)
    name = figure_name(study, 5)
    axis = ", logarithmic" if logarithmic else ""
    said = [
        f"{distance_words(features)} from held-out images (lower is better{axis}) over the iterations.",
        *said_of_curves(frame, logarithmic),
        spread(frame, DEVIATION),
        of_gan(study, drawn_widths(frame)),
        compared(study, features),
    ]
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike_gan(study, FIG_5, features)))


def evaluated(study: GanStudy, features: str) -> pd.DataFrame:
    """All evaluations with a distance from held-out images. Raises OverganError if there are none."""
    frame = study.at_best(study.frame())
    drawn = finite(frame[frame.features == features], "frechet_test")
    if drawn.empty:
        raise OverganError(f"no run has been evaluated in {features} features yet; go on with the study first")
    return drawn


def drawn_widths(frame: pd.DataFrame) -> list[int]:
    """The widths that have a curve."""
    return evenly(sorted(set(frame.k.astype(int))))


def distance_over_iterations(axes: Axes, frame: pd.DataFrame, features: str) -> bool:
    """Draw a curve for each width, dark to light; whether the distance's axis is logarithmic."""
    widths = drawn_widths(frame)
    curves: list[Curve] = [
        (mean_and_deviation(f"k = {k}", frame[frame.k == k], "iteration", "frechet_test", style.color), style)
        for k, style in zip(widths, in_order(len(widths)), strict=True)
    ]
    draw_curves(axes, curves, every_mark=False)
    iteration_axis(axes)
    return value_axis(axes, curves, distance_label(features))


def key_beside(figure: Figure, axes: Axes) -> None:
    """What each curve is, at the right of the figure: within the axes it would hide others."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", handlelength=2.8, frameon=False)


def said_of_curves(frame: pd.DataFrame, logarithmic: bool) -> list[str]:
    """How curves show their width, which widths have none, and where their bands are cut, in sentences."""
    count = frame.k.nunique()
    some = [f"Curves of {MOST_CURVES} of {count} widths, evenly among them."] if count > MOST_CURVES else []
    bands = cut(frame, ["k", "iteration"], "frechet_test", logarithmic=logarithmic)
    return ["The wider, the lighter; each width has a marker of its own.", *some, *bands]
