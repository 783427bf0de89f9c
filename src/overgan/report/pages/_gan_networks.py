"""Figures of a GAN's width study about its networks, of what `evaluate` measured of them on request."""

import pandas as pd

from overgan.report._plot import Panel, Plot, against_width, over_seeds
from overgan.study.gan import GanStudy

GENERATOR_COLOR, REAL_COLOR, ROTATION_COLOR = "#9c36b5", "#1f5fbf", "#e8590c"
RANGE = "mean and range over seeds"


def network_figures(study: GanStudy) -> list[Plot]:
    """Those of the metrics of networks that any run has at the last iteration."""
    last = study.last()
    drawn = [(tangent_kernel, ["tangent_kernel_change"]), (rotation, ["game_imaginary_share"])]
    drawn += [(path_angle, ["path_angle_step", "path_angle_bump"])]
    plots = []
    for draw, columns in drawn:
        if set(columns) <= set(last.columns) and len(rows := last.dropna(subset=columns)):
            plots.append(draw(rows))
    return plots


def tangent_kernel(rows: pd.DataFrame) -> Plot:
    """How much the generator's tangent kernel has changed, against k: lazy training would keep it small."""
    series = over_seeds("generator", rows, "k", "tangent_kernel_change", GENERATOR_COLOR)
    title, y_label = "Change of the tangent kernel against width", f"‖K − K₀‖ / ‖K₀‖, {RANGE}"
    return against_width("tangent-kernel", title, y_label, [Panel([series])], y_log=True)


def rotation(rows: pd.DataFrame) -> Plot:
    """The imaginary share of the game's leading eigenvalues against k: 1 is nothing but rotation."""
    series = over_seeds("|Im λ| / |λ|, mean of ten eigenvalues", rows, "k", "game_imaginary_share", ROTATION_COLOR)
    title, y_label = "Rotation of the game against width", f"imaginary share, {RANGE}"
    return against_width("game-rotation", title, y_label, [Panel([series])])


def path_angle(rows: pd.DataFrame) -> Plot:
    """Step and bump of the path-angle against k (Berard et al., 2020): attraction and rotation."""
    step = over_seeds("step: attraction", rows, "k", "path_angle_step", REAL_COLOR)
    bump = over_seeds("bump: rotation", rows, "k", "path_angle_bump", ROTATION_COLOR)
    title, y_label = "Path-angle against width", f"height in the cosine, {RANGE}"
    return against_width("path-angle", title, y_label, [Panel([step, bump])])
