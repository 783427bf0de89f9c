"""Fig. 6: neural net divergence against width, with that of memorized training images."""

from overgan.errors import OverganError
from overgan.figures._axes import Curve, draw_curves, key, one_plot, value_axis, width_axis
from overgan.figures._captions import Original, alone, caption, of_gan, spread, unlike_gan
from overgan.figures._distance import none_finished
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._seeds import DEVIATION, finite, mean_and_deviation
from overgan.figures._style import HEIGHT, MEMORIZED, ONE_COLUMN, TEST
from overgan.figures._titles import figure_name, title
from overgan.metrics import CRITIC
from overgan.study.gan import GanStudy
from overgan.words import counted

FIG_6 = Original(("dcgan", "resnet"), ("cifar10",))
ITERATIONS = 100_000  # of NND's critic, in the article that defines it
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
    if column is not None:
        of = mean_and_deviation(COMPARED[column], critic, "k", column, MEMORIZED.color)
        curves.append((of, MEMORIZED))
    figure, axes = one_plot(ONE_COLUMN, HEIGHT, title(study))
    draw_curves(axes, curves)
    widths = sorted(set(drawn.k.astype(int)))
    width_axis(axes, widths, "width k", ONE_COLUMN - 0.6)
    value_axis(axes, curves, "NND")
    key(axes)
    name, nnd = figure_name(study, 6), study.spec.evaluate.nnd
    said = [
        "Neural net divergence (NND, lower is better) of generated images (green squares) from held-out images against "
        "the width k.",
        _line(study, column),
        spread(drawn, DEVIATION),
        of_gan(study, widths),
        *alone(drawn),
    ]
    unlike = unlike_gan(study, FIG_6)
    if nnd.iterations != ITERATIONS:
        unlike.append(
            f"by the spec, NND of critics trained for {counted(nnd.iterations, 'iteration')}, not {ITERATIONS:,}"
        )
    return PaperFigure(f"fig{name}", figure, caption(study, name, said, unlike))


def _line(study: GanStudy, column: str | None) -> str:
    """What the line for comparison is of, in a sentence."""
    if column is None:
        return "That of memorized images was not measured."
    count = min(study.spec.evaluate.nnd.memorized, study.description.data["train"])
    what = f"a generator that repeats {count:,} training images" if column == "nnd_memorized" else "all training images"
    return f"Broken line: that of {what}; a generator below it is better than memorizing."
