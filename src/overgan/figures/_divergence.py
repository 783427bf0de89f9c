"""Fig. 6: neural net divergence against width, with that of memorized training images."""

from dataclasses import replace
from typing import Any

from overgan.errors import OverganError
from overgan.figures._axes import Curve, draw_curves, key, one_plot, value_axis, width_axis
from overgan.figures._captions import Original, alone, caption, cut, of_gan, spread, unlike_gan
from overgan.figures._distance import none_finished
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._seeds import DEVIATION, finite, mean_and_deviation
from overgan.figures._style import HEIGHT, MEMORIZED, ONE_COLUMN, TEST
from overgan.figures._titles import figure_name, title
from overgan.metrics import CRITIC, NNDConfig
from overgan.study.gan import GanStudy
from overgan.words import joined, number

FIG_6 = Original(("dcgan", "resnet"), ("cifar10",))
OF_OURS = {"memorized", "checkpoint_seconds"}  # which the article does not have
COMPARED = {"nnd_memorized": "memorized training images", "nnd_train": "all training images, as if memorized"}


def fig6(study: GanStudy, _features: str) -> PaperFigure:
    """NND of generated images, and the line for comparison, if it was measured."""
    if study.last().empty:
        raise none_finished(study)
    critic = study.final(CRITIC)
    drawn = finite(critic, "nnd") if "nnd" in critic else critic.iloc[:0]
    if drawn.empty:
        raise OverganError(f"no run has an NND; {study.measuring('nnd')} measures it")
    curves: list[Curve] = [(mean_and_deviation("generated images", drawn, "k", "nnd", TEST.color), TEST)]
    column = next((name for name in COMPARED if name in critic and len(finite(critic, name))), None)
    widths = sorted(set(drawn.k.astype(int)))
    if column is not None:
        of = mean_and_deviation(COMPARED[column], critic, "k", column, MEMORIZED.color)
        curves.append((of, MEMORIZED if len(widths) > 1 else replace(MEMORIZED, marker="_")))
    figure, axes = one_plot(ONE_COLUMN, HEIGHT, title(study))
    draw_curves(axes, curves)
    width_axis(axes, widths, "width k", ONE_COLUMN - 0.6)
    logarithmic = value_axis(axes, curves, "NND")
    key(axes)
    name = figure_name(study, 6)
    said = [
        f"Neural net divergence (NND, lower is better{', logarithmic' if logarithmic else ''}) of generated images "
        "(green squares) from held-out images against the width k.",
        _line(study, column),
        spread(drawn, DEVIATION),
        *cut(drawn, ["k"], "nnd", *([column] if column else []), logarithmic=logarithmic),
        of_gan(study, widths),
        *alone(drawn),
    ]
    unlike = unlike_gan(study, FIG_6) + _unlike_nnd(study)
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike))


def _unlike_nnd(study: GanStudy) -> list[str]:
    """Where NND's critics are not those of the article that defines it, by the spec, in one part of a sentence."""
    ours, theirs = (config.model_dump(exclude=OF_OURS) for config in (study.spec.evaluate.nnd, NNDConfig()))
    other = [
        f"{key.replace('_', ' ')} {_value(ours[key])} ({_value(of)})" for key, of in theirs.items() if ours[key] != of
    ]
    return [f"by the spec, NND's critics with {joined(other)}, in brackets the article's"] if other else []


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(number, value))
    return f"{value:,}" if isinstance(value, int) else number(value) if isinstance(value, float) else str(value)


def _line(study: GanStudy, column: str | None) -> str:
    """What the line for comparison is of, in a sentence."""
    if column is None:
        return "That of memorized images was not measured."
    count = min(study.spec.evaluate.nnd.memorized, study.description.data["train"])
    what = f"a generator that repeats {count:,} training images" if column == "nnd_memorized" else "all training images"
    return f"Broken line: that of {what}; a generator below it is better than memorizing."
