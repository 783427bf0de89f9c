"""Test less train distance of a study's runs, by each of the metrics that measure one."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from overgan.metrics import METRICS, frechet_label
from overgan.study.analysis import Draws, Growth, gap_growth, why_no_growth
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import by_width, complete, counts


@dataclass(frozen=True)
class MeasuredGap:
    """The gap by one metric."""

    metric: str
    label: str  # of the distance: "FID∞"
    runs: dict[int, int]  # by width
    draws: bool  # whether what another draw of the real images would change is in the intervals
    growth: Growth


def measured_gaps(study: GanResults, confidence: float = 0.95) -> list[MeasuredGap]:
    """By FID∞ and KID where they are known at every width, else by the Fréchet distance; in the deciding space."""
    return [gap for gap in gaps_or_lacks(study, confidence) if isinstance(gap, MeasuredGap)]


def gaps_or_lacks(study: GanResults, confidence: float) -> list[MeasuredGap | str]:
    """The same, and in place of one that has no interval what it is of and what it lacks, in words."""
    final, features = study.final(), study.spec.evaluate.features[0]
    found: list[MeasuredGap | str] = []
    for name, key in (("frechet_infinity", "frechet_inf"), ("kernel", "kernel")):
        of = complete(final, [f"{key}_train", f"{key}_test"])
        if len(of) and set(of.k) == set(final.k):
            found.append(_measured(study, name, _label(name, features), of, key, confidence))
    if not any(isinstance(of, MeasuredGap) for of in found):
        equal = study.spec.evaluate.reference == "equal"
        of = complete(final, ["frechet_train", "frechet_test"] if equal else ["frechet_gap", "frechet_test"])
        if not equal and len(of):
            of = of.assign(frechet_train=of.frechet_test - of.frechet_gap)
        if len(of):
            found.append(_measured(study, "frechet", frechet_label(features), of, "frechet", confidence))
    return found


def _label(metric: str, features: str) -> str:
    if metric == "frechet_infinity" and features != "inception":
        return f"{frechet_label(features)} of infinitely many images"
    return METRICS[metric].heading(METRICS[metric].columns[0], features)


def _measured(
    study: GanResults, metric: str, label: str, rows: pd.DataFrame, key: str, confidence: float
) -> MeasuredGap | str:
    train, test = (by_width(rows, f"{key}_{side}") for side in ("train", "test"))
    if lacking := why_no_growth(test):
        return f"test less train {label} grows: {lacking}"
    draws = _draws(rows, key)
    growth = gap_growth(train, test, draws, study.spec.tolerance, confidence)
    return MeasuredGap(metric, label, counts(test), draws is not None, growth)


def _draws(rows: pd.DataFrame, key: str) -> Draws | None:
    """What draws of the real images do to the gap of each width's mean: at most the mean over its runs.

    KID has an error for either side, over draws of both sets of images. That of the Fréchet distance's gap, over
    splits of the real images, is also that of FID∞'s: both compare the same images.
    """
    columns = ["kernel_train_error", "kernel_test_error"] if key == "kernel" else ["frechet_gap_error"]
    if len(complete(rows, columns)) < len(rows):
        return None
    error = pd.Series(np.sqrt(np.square(rows[columns].astype(float)).sum(axis=1)), rows.index)
    errors = {k: float(error[rows.k == k].mean()) for k in sorted(set(rows.k.astype(int)))}
    splits = by_width(rows, "frechet_gap_draws")
    freedom = math.inf if key == "kernel" or not splits else float(min(of.min() for of in splits.values()))
    return Draws(errors, freedom)
