"""The figures of how a GAN's training goes, against width: how soon, how steadily, how far from its start."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from overgan.metrics import frechet_label
from overgan.report._plot import Panel, Plot, Series, against_width, without_range
from overgan.study.gan import GanStudy
from overgan.study.gan.claims import Moved, moved, speed, steadiness
from overgan.words import number

RUNS_COLOR = "#2f9e44"
COLORS = {"generator": "#9c36b5", "critic": "#e8590c"}


def dynamics(study: GanStudy) -> list[Plot]:
    """Those that there are runs for."""
    return [*iterations_to_target(study), *variation_at_the_end(study), *distance_from_initialization(study)]


def iterations_to_target(study: GanStudy) -> list[Plot]:
    """How many iterations it takes to the same distance; none of one evaluation a run."""
    found = speed(study)
    if not found.shown:
        return []
    end = float(study.spec.train.iterations)
    label = f"test {frechet_label(study.spec.evaluate.features[0])} {number(found.target)}"
    runs = _by_width([run.k for run in found.runs], [min(value, end) for value in found.to_target])
    y_label = "iterations, median and range over seeds (at the end: never)"
    series = _median("all runs", runs, RUNS_COLOR, method="higher")  # none is between a time and never
    return [against_width("iterations-to-target", f"Iterations to {label}", y_label, [Panel([series])], y_log=True)]


def variation_at_the_end(study: GanStudy) -> list[Plot]:
    """How much runs vary about their trend over the last third of their training, and how much seeds differ."""
    found = steadiness(study)
    if not found.shown:
        return []
    runs = _by_width([run.k for run in found.runs], found.relative)
    spread = {k: [value] for k, value in found.spread.items() if value > 0}
    label = frechet_label(study.spec.evaluate.features[0])
    series = [
        _median(name, of, color)
        for name, of, color in (
            ("a run about its trend, over the last third", runs, RUNS_COLOR),
            ("the seeds of a width, at the end", spread, "#888888"),
        )
        if of
    ]
    title, y_label = f"Variation of test {label} against width", "relative standard deviation, median and range"
    return [against_width("variation", title, y_label, [Panel(series)], y_log=True)]


def distance_from_initialization(study: GanStudy) -> list[Plot]:
    """How far the weights have moved in the end, ‖θ − θ₀‖/‖θ₀‖, and the power of k through it: lazy ones move less."""
    series = [one for network in moved(study) if network.runs for one in _moved(network)]
    title, y_label = "Distance from initialization against width", "‖θ − θ₀‖ / ‖θ₀‖, mean and range over seeds"
    return (
        [against_width("distance-from-initialization", title, y_label, [Panel(series)], y_log=True)] if series else []
    )


def _moved(of: Moved) -> list[Series]:
    color, ks = COLORS[of.network], list(of.runs)
    mean = [float(np.mean(values)) for values in of.runs.values()]
    series = Series(of.network, ks, mean, [min(v) for v in of.runs.values()], [max(v) for v in of.runs.values()], color)
    if of.fitted is None:
        return [series]
    name = f"{of.network}, k^{number(round(of.fitted.exponent, 2))}"
    line = Series(name, ks, at := [of.fitted.at(k) for k in ks], at, at, color, dashed=True)
    return [series, line]


def _by_width(ks: Sequence[int], values: Sequence[float]) -> dict[int, list[float]]:
    """The finite values above 0, for a logarithmic axis."""
    found: dict[int, list[float]] = {}
    for k, value in zip(ks, values, strict=True):
        if 0 < value < math.inf:
            found.setdefault(k, []).append(value)
    return found


def _median(
    name: str, runs: Mapping[int, Sequence[float]], color: str, *, method: Literal["linear", "higher"] = "linear"
) -> Series:
    """Median and range of the runs of each width; a range of one is none."""
    low, middle, high = np.array([np.quantile(of, [0, 0.5, 1], method=method) for of in runs.values()]).reshape(-1, 3).T
    series = Series(name, list(runs), middle.tolist(), low.tolist(), high.tolist(), color)
    return series if any(len(of) > 1 for of in runs.values()) else without_range(series)
