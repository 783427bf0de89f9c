"""The best learning rate of each width, where there are several, and whether it lies between those that were tried."""

import math
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from overgan.training import Rule, best_rate
from overgan.words import joined


def best_rates(evaluations: pd.DataFrame, features: str, rule: Rule, train: str = "frechet_train") -> dict[int, float]:
    """By width the best of the learning rates at its newest evaluation (`overgan.training.best_rate`).

    evaluations: as of `GanStudy.frame`. features: the space that is looked at.
    train: the column of the distance from training images, on which it is chosen.
    """
    of = evaluations[(evaluations.features == features) & (evaluations.learning_rate_rule == rule)]
    newest = of[of.iteration == of.groupby("k").iteration.transform("max")]
    best: dict[int, float] = {}
    for width in sorted(set(newest.k)):
        values = newest[newest.k == width][["learning_rate", train]].to_numpy(float)
        found = best_rate([{"learning_rate": rate, "frechet_train": value} for rate, value in values])
        best |= {int(width): float(found)} if found is not None else {}
    return best


def rates_beyond(
    final: pd.DataFrame,
    best: Mapping[int, float],
    rates: Sequence[float],
    widths: Collection[int],
    tolerance: float,
    train: str,
) -> tuple[str, ...]:
    """What learning rates there should be more of, in words: the best at one of the widths may lie beyond those tried.

    final: last rows of one rule and feature space, with k, learning_rate and the column `train`. best: of each width.
    rates: that were tried, ascending, at least two; one at which all runs diverged has no rows.

    It may if the best is the least or the greatest tried, and its neighbour worse by more than the tolerance.
    """
    beyond: dict[str, list[int]] = {}
    for width in sorted(set(widths) & best.keys()):
        means = final[final.k == width].groupby("learning_rate")[train].mean()
        values = [means.get(rate, math.inf) for rate in rates]
        for at, neighbour, where in ((0, 1, "below"), (-1, -2, "above")):
            if rates[at] == best[width] and values[neighbour] > (1 + tolerance) * values[at]:
                beyond.setdefault(f"{where} {rates[at]:g}", []).append(width)
    return tuple(
        f"learning rates {where}: at k = {joined(of)} the distance still falls towards them"
        for where, of in beyond.items()
    )
