"""Fig. 1: distance against width, samples, and distance over the iterations, side by side."""

from overgan.errors import OverganError
from overgan.figures._axes import draw_picture, key, new_figure
from overgan.figures._captions import Original, caption, of_samples, unlike_gan
from overgan.figures._distance import both_vary, distance_against_width, finals, sentences
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._samples import samples
from overgan.figures._style import TWO_COLUMNS
from overgan.figures._titles import figure_name, title
from overgan.figures._training import distance_over_iterations, evaluated, key_beside, said_of_curves
from overgan.study.gan import GanStudy

FIG_1 = Original(("dcgan",), ("cifar10",))
PLOT, PICTURE, TALL = 2.1, 1.45, 3.4  # inches


def fig1(study: GanStudy, features: str) -> PaperFigure:
    """Left, middle and right as in the paper."""
    both_vary(study)
    final, frame, shown = finals(study, features), evaluated(study, features), samples(study)
    if not shown:
        raise OverganError("training left no samples, which stand in its middle")
    figure = new_figure(TWO_COLUMNS, TALL, title(study))
    places = figure.add_gridspec(len(shown), 3, width_ratios=[PLOT, PICTURE, PLOT])
    left, right = figure.add_subplot(places[:, 0]), figure.add_subplot(places[:, 2])
    logarithmic = distance_against_width(left, final, features, "width k", PLOT)
    key(left)
    for row, one in enumerate(shown):
        draw_picture(figure.add_subplot(places[row, 1]), one.picture, f"k = {one.width}")
    over = distance_over_iterations(right, frame, features)
    right.set_ylabel("")
    key_beside(figure, right)
    name = figure_name(study, 1)
    what, *more = sentences(study, final, features, logarithmic)
    said = [
        f"Left: {what}",
        f"Middle: {of_samples(shown)}",
        f"Right: distance from held-out images over the iterations{' (logarithmic)' if over else ''}.",
        *said_of_curves(frame, over),
        *more,
    ]
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike_gan(study, FIG_1, features)))
