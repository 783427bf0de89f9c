"""The figures of a GAN's width study: each a function of what is in its folder."""

import pandas as pd

from overgan.metrics import CRITIC, METRICS
from overgan.report._content import against_width, scale_note
from overgan.report._plot import Panel, Plot, colors, over_seeds
from overgan.study.gan import GanStudy

TRAIN, TEST = "#1f5fbf", "#2f9e44"  # blue and green, as in the paper's Fig. 4
GENERATOR_COLOR, CRITIC_COLOR = "#9c36b5", "#e8590c"


def figures(study: GanStudy) -> list[Plot]:
    """All figures that the runs so far give; those of a scaled study say so in their titles."""
    plots = []
    for features in study.spec.evaluate.features:
        final = study.final(features)
        frame = study.frame()
        frame = frame[frame.features == features]
        if len(final):
            plots.append(fid_against_width(study, final, features))
        if len(frame):
            plots.append(fid_over_iterations(study, frame, features))
    critic = study.final(CRITIC)
    if len(critic):
        plots.append(nnd_against_width(study, critic))
    losses = study.losses()
    if "wasserstein" in losses:  # not every loss estimates it
        plots.append(wasserstein_over_iterations(study, losses))
    if len(losses):
        plots.append(distance_from_initialization(study, losses))
    return plots


def fid_label(features: str) -> str:
    """A name such as 'classifier FID': FID may stand alone only for Inception's features."""
    metric = METRICS["fid"]
    return metric.heading(metric.columns[0], features)


def fid_against_width(study: GanStudy, final: pd.DataFrame, features: str) -> Plot:
    """Final FID against k, on training and held-out images (paper, Figs. 1, 3 and 4)."""
    label = fid_label(features)
    curves = [
        over_seeds("training images", final, "k", "fid_train", TRAIN),
        over_seeds("held-out images", final, "k", "fid_test", TEST),
    ]
    title, y_label = f"{label} against width", f"{label}, mean and range over seeds"
    return against_width(study, f"fid-{features}", title, y_label, curves, y_log=True)


def nnd_against_width(study: GanStudy, critic: pd.DataFrame) -> Plot:
    """NND against k, beside that of memorized training images (paper, Fig. 6)."""
    curves = [
        over_seeds("generated images", critic, "k", "nnd", TEST),
        over_seeds("training images, as if memorized", critic, "k", "nnd_train", TRAIN, dashed=True),
    ]
    title = "Neural net divergence against width"
    return against_width(study, "nnd", title, "NND, mean and range over seeds", curves)


def fid_over_iterations(study: GanStudy, frame: pd.DataFrame, features: str) -> Plot:
    """FID on held-out images over the iterations, a curve for each k (paper, Fig. 5)."""
    label = fid_label(features)
    title = f"{label} over iterations, held-out images"
    return _over_iterations(study, f"fid-{features}-over-iterations", title, label, frame, "fid_test", y_log=True)


def wasserstein_over_iterations(study: GanStudy, losses: pd.DataFrame) -> Plot:
    """The critic's Wasserstein estimate E D(real) − E D(fake) over the iterations, a curve for each k."""
    title = "Wasserstein estimate over iterations"
    return _over_iterations(study, "wasserstein", title, "E D(real) − E D(fake)", losses, "wasserstein")


def distance_from_initialization(study: GanStudy, losses: pd.DataFrame) -> Plot:
    """How far the weights have moved in the end, ‖θ − θ₀‖/‖θ₀‖, against k: lazy training would keep it small."""
    last = losses[losses.iteration == losses.groupby("k").iteration.transform("max")]
    curves = [
        over_seeds("generator", last, "k", "moved_generator", GENERATOR_COLOR),
        over_seeds("critic", last, "k", "moved_critic", CRITIC_COLOR),
    ]
    title, y_label = "Distance from initialization against width", "‖θ − θ₀‖ / ‖θ₀‖, mean and range over seeds"
    return against_width(study, "distance-from-initialization", title, y_label, curves, y_log=True)


def _over_iterations(
    study: GanStudy, name: str, title: str, quantity: str, frame: pd.DataFrame, column: str, *, y_log: bool = False
) -> Plot:
    """A curve of the column over the iterations for each k."""
    widths = sorted(frame.k.unique())
    curves = [
        over_seeds(f"k = {k}", frame[frame.k == k], "iteration", column, color)
        for k, color in zip(widths, colors(len(widths)), strict=True)
    ]
    y_label = f"{quantity}, mean and range over seeds"
    return Plot(name, f"{title}{scale_note(study)}", "iteration", y_label, [Panel(curves)], y_log=y_log)
