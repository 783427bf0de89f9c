"""The runs of a GAN's width study as the race between widths takes them: numbers, in the order of their seeds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from overgan.study._rounds import read_rounds
from overgan.study._store import Description
from overgan.study.analysis import Recommendation, by_race, needed, probabilities, standing
from overgan.study.gan._hours import hours
from overgan.study.gan._spec import GanSpec
from overgan.training import Run, read_checkpoint, seeds_of


@runtime_checkable
class Results(Protocol):
    """What is asked of a study here; `GanResults` is one, and asks this module in turn."""

    folder: Path
    description: Description
    spec: GanSpec

    def group(self, width: int) -> Path:
        """The folder of a width."""

    def final(self, features: str | None = None, *, rule: Any = None, averaged: bool = True) -> pd.DataFrame:
        """The last rows."""

    def best_rates(self, *, rule: Any = None, averaged: bool = True) -> dict[int, float]:
        """The best learning rate of each width."""


def values_in_order(
    study: Results, features: str | None = None, *, rule: Any = None, averaged: bool = True
) -> dict[int, list[float]]:
    """By width the test distance of each run at the last iteration, in the common order of seeds.

    A run that diverged, or whose distance is no number, is infinitely far away. Widths without a run that came to its
    end are left out. features, rule, averaged: as of `GanStudy.recommend`; each width is judged at its best rate.

    Raises OverganError if there is no such rule, or no average.
    """
    train, final = study.spec.train, study.final(features, rule=rule, averaged=averaged)
    rule, best = rule or train.rules[0], study.best_rates(rule=rule, averaged=averaged) if train.several else {}
    column = "frechet_test" if averaged else "frechet_test_unaveraged"
    found: dict[int, list[float]] = {}
    for width in study.spec.widths:
        checkpoint = read_checkpoint(study.group(width))
        if not (checkpoint and checkpoint.ends(train.iterations)):
            continue
        rate, rows = best.get(width, train.rates[0]), final[final.k == width]  # no rate is best if all runs diverged
        values = dict(zip(rows.seed.astype(int), rows[column].astype(float), strict=True))
        for seed in seeds_of(checkpoint, study.spec.seeds):
            if seed in values or train.name(Run(seed, rate, rule)) in checkpoint.diverged:
                value = values.get(seed, math.inf)
                found.setdefault(width, []).append(value if math.isfinite(value) else math.inf)
    return found


def costs(study: Results) -> dict[int, float]:
    """By width what a run costs, in trained numbers: the same on every machine, unlike its time."""
    return {k: float(sum(study.description.parameters[k].values())) for k in study.spec.widths}


def raced(study: Results, found: Recommendation, values: Mapping[int, Sequence[float]]) -> Recommendation:
    """The recommendation with its probability, and what would settle it; of a study that has rounds, that of its race.

    values: of `values_in_order`.
    """
    if len(values) < 2 or max(map(len, values.values())) < 2:  # nothing to compare, or to tell what is luck
        return found
    rounds = read_rounds(study.folder)
    since = {"initial": rounds.initial, "longer": rounds.longer} if rounds else {}
    if rounds:
        race = standing(values, found.tolerance, found.confidence, **since)
        found = by_race(found, race, goes_on=rounds.planner == "sure")
    if values.keys() < {*study.spec.widths}:  # the others may be better, or take more
        return found
    is_open = bool(rounds) or len(found.not_excluded) != 1  # a grid that is read once needs fewer runs than a race
    more = needed(values, found.tolerance, found.confidence, costs(study), **since) if is_open else {}
    took = hours(study.folder, study.description)
    chance = probabilities(values, found.tolerance).get(found.width)
    if any(min(values[width]) == math.inf for width in found.not_excluded):  # nothing is known of its mean
        chance = None
    return replace(found, probability=chance, more_seeds=more, core_hours=took.of(more) if took.each else None)
