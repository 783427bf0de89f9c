"""Figs. 2 and 9: the shallow GAN's final error against its width, a panel for each way of training."""

import pandas as pd
from matplotlib.axes import Axes

from overgan.errors import OverganError
from overgan.figures._axes import draw_curves, new_figure, width_axis
from overgan.figures._captions import alone, caption, spread
from overgan.figures._paper_figure import PaperFigure
from overgan.figures._seeds import RANGE, finite, mean_and_range
from overgan.figures._style import HEIGHT, ONE_COLUMN, TRAIN, TWO_COLUMNS
from overgan.figures._titles import title
from overgan.study.theory import ShallowStudy
from overgan.words import counted, joined, number

TARGETS = {"gaussian": 2, "two_moons": 9}  # by the figure that is of it
WORDS = {2: "a Gaussian's mean", 9: "the mean of Two-Moons"}
NOT_GIVEN = {2: "n, d and m", 9: "n and d"}  # by the paper
A_ROW = 3  # panels
TOP = 1.08  # of the greatest value: where the axis ends


def fig2(study: ShallowStudy, _features: str) -> PaperFigure:
    """Of a Gaussian's mean."""
    return _final_mse(study, 2)


def fig9(study: ShallowStudy, _features: str) -> PaperFigure:
    """Of the mean of Two-Moons."""
    return _final_mse(study, 9)


def _final_mse(study: ShallowStudy, wanted: int) -> PaperFigure:
    spec, given = study.spec, TARGETS[study.spec.problem.target]
    if given != wanted:
        raise OverganError(f"it is of {WORDS[wanted]}, and this study is of {WORDS[given]}, as Fig. {given} is")
    frame = study.frame()
    rows = finite(frame[~frame.diverged.astype(bool)], "mse")  # what blew up may have ended at a number
    if rows.empty:
        gone = all(group.complete for group in study.status())
        raise OverganError("all runs diverged" if gone else "no run is finished yet; go on with the study first")
    methods = [name for name in spec.methods if (rows.method == name).any()]
    lines, columns = -(-len(methods) // A_ROW), min(len(methods), A_ROW)
    wide = TWO_COLUMNS if columns > 1 else ONE_COLUMN
    figure = new_figure(wide, HEIGHT * lines, title(study))
    places = list(figure.subplots(lines, columns, sharey=True, squeeze=False).ravel())
    for axes, method in zip(places, methods, strict=False):
        _draw(axes, rows[rows.method == method], method, wide / columns)
    for axes in places[len(methods) :]:
        axes.set_axis_off()
    for axes in places[::columns]:
        axes.set_ylabel("final MSE of the mean")
    return PaperFigure(f"fig{wanted}", figure, _caption(study, wanted, rows, methods))


def _draw(axes: Axes, rows: pd.DataFrame, method: str, inches: float) -> None:
    """The final MSE by one method; the axis begins at 0, which it is about."""
    series = mean_and_range(method, rows, "k", "mse", TRAIN.color)
    draw_curves(axes, [(series, TRAIN)])
    width_axis(axes, [int(k) for k in series.x], "hidden width k", inches - 0.6)
    top = max(TOP * max(series.high), axes.get_ylim()[1])
    axes.set_ylim(-top / 40, top)  # points at 0 are drawn whole
    axes.set_title(method)


def _caption(study: ShallowStudy, wanted: int, rows: pd.DataFrame, methods: list[str]) -> str:
    spec, p = study.spec, study.spec.problem
    steps = [
        name
        + (f" with μ = {number(config.mu)}" if config.method != "optimal" else "")
        + (f" and {config.critic_steps} discriminator steps a step" if config.method == "alternating" else "")
        for name, config in spec.methods.items()
        if name in methods
    ]
    said = [
        f"Final MSE between the mean of the data and the mean of the generated points, for the shallow GAN on "
        f"{WORDS[wanted]}, against the hidden width k.",
        spread(rows[rows.method == methods[0]], RANGE),
        f"k = {joined(sorted(set(rows.k)))}; n = {p.n:,}, d = {p.d}, m = {p.m}; at most {counted(spec.steps, 'step')}; "
        f"{'; '.join(steps)}; a run ends once its residual is {number(spec.tol)} of the first.",
        *alone(rows),
    ]
    unlike = [f"{NOT_GIVEN[wanted]}, the steps and the number of seeds are ours, as the paper does not give them"]
    if any(config.latents == "fresh" for config in spec.methods.values()):
        unlike.append("fresh latents at every step")
    return caption(study, str(wanted), said, unlike)
