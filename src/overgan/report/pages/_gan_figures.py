"""The figures of a GAN's width study: each a function of what is in its folder."""

from contextlib import suppress
from dataclasses import replace

import pandas as pd

from overgan.errors import OverganError
from overgan.metrics import CRITIC, frechet_label
from overgan.report._map import Map
from overgan.report._plot import (
    Panel,
    Plot,
    Series,
    against_width,
    each_width,
    median_of_seeds,
    of_widths,
    over_seeds,
)
from overgan.report.pages._gan_dynamics import dynamics
from overgan.report.pages._gan_gap import gap_figures
from overgan.report.pages._gan_networks import network_figures
from overgan.report.pages._gan_rates import rate_figures
from overgan.study.analysis import next_width, outlooks
from overgan.study.gan import GanStudy

TRAIN, TEST = "#1f5fbf", "#2f9e44"  # blue and green, as in the paper's Fig. 4
MARGINS = {"wasserstein": "Wasserstein estimate", "margin": "Margin of the critic"}  # by what a loss calls it
TIMES = tuple(1 + i / 8 for i in range(9))  # of the iterations, at which curves that go on are drawn


def figures(study: GanStudy) -> list[Plot | Map]:
    """All figures that the runs so far give; of several learning rates each width's best, but in their own figures."""
    plots: list[Plot | Map] = []
    evaluations = study.at_best(study.frame())
    for features in study.spec.evaluate.features:
        final, frame = study.final(features), evaluations[evaluations.features == features]
        if len(final):
            plot = frechet_against_width(final, features, max(study.spec.widths))
            if features == study.spec.evaluate.features[0]:
                with suppress(OverganError):  # of a value that is no number
                    plot = replace(plot, mark=study.recommend().recommended)
            plots.append(plot)
        if len(frame):
            constant = study.spec.train.schedule == "constant"
            plots.append(frechet_over_iterations(frame, features, study.curves(features) if constant else None))
    plots += gap_figures(study)
    plots += rate_figures(study)
    critic = study.final(CRITIC)
    if len(critic):
        plots.append(nnd_against_width(critic))
    losses = study.at_best(study.losses())
    if len(losses):
        plots += [margin_over_iterations(losses, name) for name in MARGINS if name in losses]
    return plots + dynamics(study) + network_figures(study)


def frechet_against_width(final: pd.DataFrame, features: str, widest: int = 0) -> Plot:
    """Final Fréchet distance against k, from training and held-out images (paper, Figs. 1, 3 and 4).

    By the law over widths, the latter go on to the next one, if the study's widest, `widest`, has runs.
    """
    label = frechet_label(features)
    train = over_seeds("training images", final, "k", "frechet_train", TRAIN)
    test = over_seeds("held-out images", final, "k", "frechet_test", TEST)
    ahead = _next_width(final) if widest <= final.k.max() else []
    title, y_label = f"{label} against width", f"{label}, mean and range over seeds"
    return against_width(f"frechet-{features}", title, y_label, [Panel([train, test, *ahead])], y_log=True)


def _next_width(final: pd.DataFrame) -> list[Series]:
    """From the widest mean to the next width's, with its interval, if there is a law."""
    ahead = next_width({k: final.frechet_test[final.k == k].to_numpy(float) for k in sorted(set(final.k.astype(int)))})
    if ahead is None:
        return []
    widest = int(final.k.max())
    mean = float(final.frechet_test[final.k == widest].mean())
    y, low, high = ([mean, at] for at in (ahead.value, ahead.low, ahead.high))
    name = "held-out images, by the law over widths, 95% interval"
    return [Series(name, [widest, ahead.width], y, low, high, TEST, dashed=True)]


def nnd_against_width(critic: pd.DataFrame) -> Plot:
    """NND against k, beside that of memorized training images (paper, Fig. 6)."""
    series = [over_seeds("generated images", critic, "k", "nnd", TEST)]
    for column, name in memorized_nnd(critic).items():
        series.append(over_seeds(name, critic.dropna(subset=[column]), "k", column, TRAIN, dashed=True))
    title, y_label = "Neural net divergence against width", "NND, mean and range over seeds"
    return against_width("nnd", title, y_label, [Panel(series)])


def memorized_nnd(critic: pd.DataFrame) -> dict[str, str]:
    """The columns for comparison that there are, and what they are of; older versions compared with every image."""
    names = {"nnd_memorized": "memorized training images", "nnd_train": "all compared training images, as if memorized"}
    return {column: name for column, name in names.items() if column in critic and critic[column].notna().any()}


def frechet_over_iterations(frame: pd.DataFrame, features: str, curves: pd.DataFrame | None = None) -> Plot:
    """Fréchet distance from held-out images over the iterations, a curve for each k (paper, Fig. 5).

    curves: of the runs whose mean goes on, dashed and with its 95 % interval, to twice the iterations.
    """
    label = frechet_label(features)
    ahead = {} if curves is None else outlooks(curves, times=TIMES)
    x_label = "iteration" + ("; dashed: foretold, with a 95% interval" if ahead else "")
    title, y_label = (
        f"{label} over iterations, held-out images{of_widths(frame)}",
        f"{label}, mean and range over seeds",
    )
    series = []
    for k, of, color in each_width(frame):
        series.append(over_seeds(f"k = {k}", of, "iteration", "frechet_test", color))
        if found := ahead.get(int(k)):
            ends = (found.iterations, found.value, found.low, found.high)
            series.append(Series(f"k = {k}", *ends, color, dashed=True))
    return Plot(f"frechet-{features}-over-iterations", title, x_label, y_label, [Panel(series)], y_log=True)


def margin_over_iterations(losses: pd.DataFrame, name: str) -> Plot:
    """The critic's E D(real) − E D(fake) over the iterations, a curve for each k; of WGAN-GP a Wasserstein estimate."""
    title, y_label = (
        f"{MARGINS[name]} over iterations{of_widths(losses)}",
        "E D(real) − E D(fake), median over seeds",
    )
    curves = [median_of_seeds(f"k = {k}", of, "iteration", name, color) for k, of, color in each_width(losses)]
    return Plot(name, title, "iteration", y_label, [Panel(curves)])
