"""The best of several learning rates: chosen on the training images' distance, so that the held-out one stays fair."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def best_rate(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """The learning rate with which the most runs were measured, and of these that of the least mean frechet_train.

    rows: of one width, rule, iteration and feature space, a row a run; those without a learning_rate have one: None.
    A rate at which runs diverged loses to one at which all came through: the mean of those that are left would flatter.
    """
    by_rate: dict[float | None, list[float]] = {}
    for row in rows:
        value = row.get("frechet_train")
        finite = value is not None and math.isfinite(value)
        by_rate.setdefault(row.get("learning_rate"), []).append(value if finite else math.inf)
    return min(by_rate, key=lambda rate: (-len(by_rate[rate]), statistics.fmean(by_rate[rate])))


def mean_of_best(rows: Sequence[Mapping[str, Any]]) -> float:
    """The mean frechet_test of an evaluation, in its first feature space, by its first rule, at the best rate."""
    chosen = [row for row in rows if all(row.get(k) == rows[0].get(k) for k in ("features", "learning_rate_rule"))]
    rate = best_rate(chosen)
    return statistics.fmean(row["frechet_test"] for row in chosen if row.get("learning_rate") == rate)
