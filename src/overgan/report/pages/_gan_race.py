"""The race of a GAN's width study that decides what to train next: how it came to what it says, round by round."""

import math
from collections.abc import Sequence
from copy import copy

import numpy as np

from overgan.metrics import frechet_label
from overgan.report._content import Section
from overgan.report._plot import Panel, Plot, Series, each_color
from overgan.study import Hours, Round, Rounds, hours, move, read_rounds
from overgan.study.analysis import Standing, standing
from overgan.study.gan import GanStudy, values_in_order
from overgan.words import number

OUTSIDE = 3.0  # times the least and the largest mean, beyond which intervals are not drawn: of few runs they are wide
NOTE = (
    "The mean of each width by the end of each round, with an interval that holds with {}% confidence whenever one "
    "looks, cut at a third of the least mean and three times the largest. What is decided rests on runs of the same "
    "seed at two widths, which tell more than these intervals do. As a grid: what as many seeds at every width as the "
    "one with the most would have taken."
)


def race(study: GanStudy) -> Section | None:
    """Its rounds, with what each width's runs said by their end; None if the study trains what its spec says."""
    rounds = read_rounds(study.folder)
    if rounds is None:
        return None
    took = hours(study.folder, study.description)
    rows = [_row(study, rounds, nth, took) for nth in range(1, len(rounds.rounds) + 1)]
    reached = [(of, found) for nth, of in enumerate(rounds.rounds, 1) if (found := _standing(study, rounds, nth))]
    plots = [_plot(study, reached, took)] if reached else []
    return Section("The race", NOTE.format(f"{100 * rounds.confidence:g}"), plots, rows)


def _row(study: GanStudy, rounds: Rounds, nth: int, took: Hours) -> list[tuple[str, str]]:
    of = rounds.rounds[nth - 1]
    cells = [("round", str(nth)), ("trains", move(rounds, nth)), ("because", of.why.removesuffix("."))]
    most = max(of.seeds.values())
    seeds, grid = f"{sum(of.seeds.values()):,}", f"{most * len(of.seeds):,}"
    if not took.each:
        return [*cells, ("seeds so far", seeds), ("as a grid", grid)]
    length = of.iterations / study.spec.train.iterations
    so_far, as_grid = (number(length * hours, 2) for hours in (took.of(of.seeds), took.grid(of.seeds, most)))
    return [*cells, (f"{took.unit} so far", f"{so_far} ({seeds} seeds)"), ("as a grid", f"{as_grid} ({grid} seeds)")]


def _standing(study: GanStudy, rounds: Rounds, nth: int) -> Standing | None:
    """What was known at the end of a round, from 1; None if its runs are not all there."""
    of, before = rounds.rounds[nth - 1], rounds.model_copy(update={"rounds": rounds.rounds[:nth]})
    then = copy(study)
    then.spec = study.spec.model_copy(
        update={"train": study.spec.train.model_copy(update={"iterations": of.iterations})}
    )
    values = values_in_order(then)
    widths = [width for width in of.seeds if width in study.spec.widths]  # some, of a narrowed study
    if not widths or any(len(values.get(width, ())) < of.seeds[width] for width in widths):
        return None
    runs = {width: values[width][: of.seeds[width]] for width in widths}
    return standing(runs, study.spec.tolerance, rounds.confidence, initial=before.initial, longer=before.longer)


def _plot(study: GanStudy, reached: Sequence[tuple[Round, Standing]], took: Hours) -> Plot:
    means = [mean for _, found in reached for mean in found.means.values() if math.isfinite(mean)]
    ends = min(means, default=0.0) / OUTSIDE, max(means, default=0.0) * OUTSIDE
    whole = study.spec.train.iterations
    at = [
        took.of(of.seeds) * of.iterations / whole if took.each else float(sum(of.seeds.values())) for of, _ in reached
    ]
    widths = reached[-1][1].widths
    series = [
        _series(width, color, [(x, found) for x, (_, found) in zip(at, reached, strict=True)], ends)
        for width, color in zip(widths, each_color(len(widths)), strict=True)
    ]
    label = frechet_label(study.spec.evaluate.features[0])
    x_label = f"{took.unit} of all runs so far" if took.each else "seeds of all widths so far"
    title = f"{label} of each width from round to round, held-out images"
    return Plot("race", title, x_label, f"{label}, mean and interval", [Panel(series)], y_log=True)


def _series(width: int, color: str, known: Sequence[tuple[float, Standing]], ends: tuple[float, float]) -> Series:
    """What was known of a width when all runs had cost so much, its interval cut at both ends."""
    known = [(x, found) for x, found in known if math.isfinite(found.means.get(width, math.inf))]
    cut = [np.clip(found.intervals[width], *ends).tolist() for _, found in known]
    y = [found.means[width] for _, found in known]
    return Series(f"k = {width}", [x for x, _ in known], y, [low for low, _ in cut], [high for _, high in cut], color)
