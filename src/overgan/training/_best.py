"""The best of several learning rates: chosen on the distance from training images, not on the one that is reported."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def best_rate(rows: Sequence[Row]) -> float | None:
    """The learning rate with which the most runs were measured, and of these that of the least mean frechet_train.

    rows: of one width, rule, iteration and feature space, a row a run; those without a learning_rate have one: None.
    A rate at which runs diverged loses to one at which all came through: the mean of those that are left would flatter.
    """
    by_rate: dict[float | None, list[float]] = {}
    for row in rows:
        value = float("nan" if row["frechet_train"] is None else row["frechet_train"])
        by_rate.setdefault(row.get("learning_rate"), []).append(value if math.isfinite(value) else math.inf)
    return min(by_rate, key=lambda rate: (-len(by_rate[rate]), statistics.fmean(by_rate[rate])), default=None)


def best_rows(rows: Sequence[Row]) -> list[Row]:
    """Of an evaluation's rows those of the first feature space, by the first rule, at the best rate."""
    chosen = [row for row in rows if all(row.get(k) == rows[0].get(k) for k in ("features", "learning_rate_rule"))]
    rate = best_rate(chosen)
    return [row for row in chosen if row.get("learning_rate") == rate]


def best_distance(rows: Sequence[Row]) -> dict[str, float | None]:
    """The mean test distance of the best rows of the last evaluation among these, and which learning rate that is."""
    last = max((row["iteration"] for row in rows), default=None)
    best = best_rows([row for row in rows if row["iteration"] == last])
    if not best:
        return {"frechet_test": None, "learning_rate": None}
    distance = statistics.fmean(row["frechet_test"] for row in best)
    return {"frechet_test": distance, "learning_rate": best[0].get("learning_rate")}
