"""The runs of a GAN's width study as the race between widths takes them: numbers, in the order of their seeds."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pandas as pd

from overgan.study._rounds import read_rounds, seeds_in_order
from overgan.study._store import Description
from overgan.study.gan._spec import GanSpec
from overgan.training import Run, read_checkpoint

if TYPE_CHECKING:
    from overgan.study.analysis import Standing


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
        for seed in seeds_in_order(study.spec, len(values) + len(checkpoint.diverged)):
            diverged = train.name(Run(seed, rate, rule)) in checkpoint.diverged
            if diverged or seed in values:
                value = values.get(seed, math.inf)
                found.setdefault(width, []).append(value if math.isfinite(value) else math.inf)
    return found


def costs(study: Results) -> dict[int, float]:
    """By width what a run costs, in trained numbers: the same on every machine, unlike its time."""
    return {k: float(sum(study.description.parameters[k].values())) for k in study.spec.widths}


def race(study: Results, confidence: float, tolerance: float | None = None) -> "Standing":
    """What the study's runs say, with a confidence that holds whenever one looks. tolerance: by default the spec's.

    Raises OverganError for a tolerance or confidence out of range, and if no width has a run that came to its end.
    """
    from overgan.study.analysis import standing

    rounds = read_rounds(study.folder)
    tolerance = study.spec.tolerance if tolerance is None else tolerance
    since = {"initial": rounds.initial, "longer": rounds.longer} if rounds else {}
    return standing(values_in_order(study), tolerance, confidence, **since)
