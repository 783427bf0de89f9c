"""Fréchet distance against width: Figs. 3, 4 and 7, and the left part of Fig. 1."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from overgan.errors import OverganError
from overgan.figures._axes import Curve, draw_curves, draw_picture, key, new_figure, one_plot, value_axis, width_axis
from overgan.figures._captions import (
    Original,
    alone,
    caption,
    compared,
    cut,
    of_gan,
    of_samples,
    spread,
    unlike_gan,
)
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._samples import samples
from overgan.figures._seeds import DEVIATION, finite, mean_and_deviation
from overgan.figures._style import HEIGHT, ONE_COLUMN, REST, TEST, TRAIN, TWO_COLUMNS
from overgan.figures._titles import figure_name, title
from overgan.metrics import frechet_label
from overgan.study.gan import GanStudy
from overgan.words import joined

FIG_3 = Original(("mlp",), ("mnist",))
FIG_4 = Original(("dcgan", "resnet"), ("cifar10", "celeba"))
FIG_7 = Original(("dcgan", "resnet"), ("cifar10",))
STANDARD = {"dcgan": 64, "resnet": 128}  # widths of Fig. 7's other network
COLORS = "training images blue with circles, held-out images green with squares and broken lines"


def fig3(study: GanStudy, features: str) -> PaperFigure:
    """The curves alone, of an MLP."""
    if study.spec.model.name != "mlp":
        raise OverganError(f"its network is an mlp, and this study trains {study.spec.model.name}, as Fig. 4 does")
    both_vary(study)
    final = finals(study, features)
    figure, axes = one_plot(ONE_COLUMN, HEIGHT, title(study))
    logarithmic = distance_against_width(axes, final, features, "width k", ONE_COLUMN)
    key(axes)
    name = figure_name(study, 3)
    text = caption(study, name, sentences(study, final, features, logarithmic), unlike_gan(study, FIG_3, features))
    return PaperFigure(f"fig{name}", figure, text)


def fig4(study: GanStudy, features: str) -> PaperFigure:
    """The curves, and samples of a narrow and of a wide network beside them."""
    both_vary(study)
    final, shown = finals(study, features), samples(study)
    width = TWO_COLUMNS if len(shown) == 2 else ONE_COLUMN + (HEIGHT - 0.5) * len(shown)
    figure = new_figure(width, HEIGHT, title(study))
    ratios = [width - (HEIGHT - 0.5) * len(shown), *len(shown) * [HEIGHT - 0.5]]
    axes, *beside = figure.subplots(1, 1 + len(shown), squeeze=False, width_ratios=ratios)[0]
    logarithmic = distance_against_width(axes, final, features, "width k", ratios[0])
    key(axes)
    for place, one in zip(beside, shown, strict=True):
        draw_picture(place, one.picture, f"k = {one.width}")
    name = figure_name(study, 4)
    said = [*sentences(study, final, features, logarithmic), of_samples(shown)]
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike_gan(study, FIG_4, features)))


def fig7(study: GanStudy, features: str) -> PaperFigure:
    """The curves against the width of one network, with a line at which the other's is held."""
    held = study.spec.model.held
    if held is None:
        raise OverganError(
            "one network's width must be held, by model.generator_width or model.critic_width, and in this study both "
            "vary"
        )
    network, at = held
    varied = held.varied
    final = finals(study, features)
    figure, axes = one_plot(ONE_COLUMN, HEIGHT, title(study))
    logarithmic = distance_against_width(axes, final, features, f"width k of the {varied}", ONE_COLUMN, at)
    axes.axvline(at, color=REST, linestyle=":", linewidth=1.0, label=f"k of the {network}: {at}")
    key(axes)
    name, model = figure_name(study, 7), study.spec.model.name
    unlike = unlike_gan(study, FIG_7, features, varied=varied)
    if at != STANDARD.get(model, at):
        unlike.append(f"the {network}'s width is held at {at}, not {STANDARD[model]}")
    line = f"The width of the {varied} varies, that of the {network} is {at} (dotted line)."
    said = [*sentences(study, final, features, logarithmic), line]
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike))


def both_vary(study: GanStudy) -> None:
    """Raise OverganError if one network's width is held."""
    if held := study.spec.model.held:
        raise OverganError(
            f"both networks' widths must vary, and this study holds the {held.network}'s at {held.width}, as Fig. 7 "
            "does"
        )


def finals(study: GanStudy, features: str) -> pd.DataFrame:
    """The last rows of runs that reached the end, with a distance from held-out images.

    Raises OverganError if there are none, and says why.
    """
    last = study.last()
    final = last[last.features == features]
    drawn = finite(final, "frechet_test")
    if last.empty:
        raise none_finished(study)
    if drawn.empty:
        spaces = [str(name) for name in last.features[last.frechet_test.notna()].unique()]
        others = f"; there are those in {joined(spaces)}" if spaces else ""
        raise OverganError(f"no run has a distance in {features} features that is a number{others}")
    return final


def none_finished(study: GanStudy) -> OverganError:
    """Why no run has reached the last iteration."""
    ended = all(group.complete for group in study.status())
    return OverganError("all runs diverged" if ended else "no width is finished yet; go on with the study first")


def distance_against_width(
    axes: Axes, final: pd.DataFrame, features: str, x_label: str, inches: float, *more: int
) -> bool:
    """Draw both curves; whether the distance's axis is logarithmic.

    inches: how wide the axes are, about. more: widths that are on the axis, beside those of the curves.
    """
    curves: Sequence[Curve] = [
        (mean_and_deviation(name, final, "k", column, style.color), style)
        for name, column, style in (
            ("training images", "frechet_train", TRAIN),
            ("held-out images", "frechet_test", TEST),
        )
    ]
    draw_curves(axes, curves)
    widths = sorted({int(x) for series, _ in curves for x in series.x} | set(more))
    width_axis(axes, widths, x_label, inches - 0.6)
    return value_axis(axes, curves, distance_label(features))


def distance_label(features: str) -> str:
    """Of an axis: FID, or such as Fréchet distance in classifier features."""
    label = frechet_label(features)
    return label if features == "inception" else f"Fréchet distance, {features}"


def distance_words(features: str) -> str:
    """At the beginning of a sentence."""
    label = frechet_label(features)
    return label[0].upper() + label[1:]


def sentences(study: GanStudy, final: pd.DataFrame, features: str, logarithmic: bool) -> list[str]:
    """Of the curves: what they are, of what, and over which seeds."""
    drawn = finite(final, "frechet_test")
    axis = ", logarithmic" if logarithmic else ""
    return [
        f"{distance_words(features)} (lower is better{axis}) at the last iteration against the width k, from {COLORS}.",
        spread(drawn, DEVIATION),
        *cut(drawn, ["k"], "frechet_train", "frechet_test", logarithmic=logarithmic),
        of_gan(study, sorted(set(drawn.k.astype(int)))),
        *alone(drawn),
        compared(study, features),
    ]
