"""What a model of each width would come to in so many iterations, and which width then comes closest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from overgan.study.analysis._curves import DRAWS, extrapolate
from overgan.study.analysis._spread import cautious
from overgan.words import number, span

MOST = 4  # times the iterations that were trained, to which a curve is followed


@dataclass(frozen=True)
class Expected:
    """The mean distance of one width after so many iterations, with its interval; nan where that is not known."""

    value: float
    low: float
    high: float

    @property
    def interval(self) -> str:
        """From low to high, in words; a dash without them."""
        return "–" if math.isnan(self.low) else span(number(self.low), number(self.high))


@dataclass(frozen=True)
class Closest:
    """How widths compare by what is expected of them."""

    expected: dict[int, Expected]  # of the widths that something is known of
    width: int  # that comes closest
    not_told_apart: tuple[int, ...]  # widths that may come as close, that one included
    narrowest: int  # within the tolerance of it, as they are expected


def closest(
    curves: Mapping[int, pd.DataFrame],
    iterations: Mapping[int, float],
    diverged: Mapping[int, float],
    tolerance: float,
    confidence: float,
) -> Closest | None:
    """The width whose mean is expected to be least after so many iterations of its own; None if none is known.

    curves: distances of the runs that came through (columns) at their evaluations (rows, by iteration), by width.
    iterations: of a training, by width; a curve is followed to four times what was trained, at most.
    diverged: the share of runs that did, by which the mean is the larger.
    confidence: of intervals, and that no width which comes as close is left out of those that are not told apart
    (Bonferroni).

    Between evaluations the mean is taken on a line over log(iteration), beyond them as `extrapolate` has it. To that
    comes the error of the runs: their relative deviations lend each other strength (`cautious`). Without two runs of
    any width that error is not known: there are no intervals, and no width is told from another.
    """
    widths = [k for k, of in curves.items() if of.shape[1] and len(of) and iterations[k] >= of.index[0]]
    errors = dict(zip(widths, _errors([curves[k] for k in widths]), strict=True))
    drawn = {}
    for k in widths:
        found = _mean_at(curves[k], min(iterations[k], MOST * float(curves[k].index[-1])), k)
        if found is not None:
            drawn[k] = found * np.maximum(1 + errors[k], 0.0) * (1 + diverged.get(k, 0.0))
    if not drawn:
        return None
    expected = {
        k: Expected(*map(float, np.quantile(of, [0.5, (1 - confidence) / 2, (1 + confidence) / 2])))
        for k, of in drawn.items()
    }
    alone = all(curves[k].shape[1] == 1 for k in widths)  # how much runs differ is not known
    if alone:
        expected = {k: Expected(of.value, math.nan, math.nan) for k, of in expected.items()}
    best = min(expected, key=lambda k: expected[k].value)
    error = (1 - confidence) / max(1, len(drawn) - 1)
    as_close = tuple(k for k, of in drawn.items() if alone or (of <= drawn[best]).mean() > error)
    within = [k for k, of in expected.items() if of.value <= (1 + tolerance) * expected[best].value]
    return Closest(expected, best, as_close, min(within))


def _errors(curves: list[pd.DataFrame]) -> list[Float[np.ndarray, " draws"]]:
    """Draws of how far each mean over runs is from the true one, over its size."""
    last = [of.iloc[-1].to_numpy(float) for of in curves]
    counts = np.array([len(of) for of in last], float)
    if not len(last) or counts.max() == 1:
        return [np.zeros(DRAWS) for _ in last]
    squares = np.array([of.var(ddof=1) / of.mean() ** 2 if len(of) > 1 and of.mean() else 0.0 for of in last])
    variances, freedom = cautious(squares, counts - 1)
    random = np.random.default_rng(0)
    found = []
    for variance, count, df in zip(variances, counts, freedom, strict=True):
        half = np.sqrt(variance / count) * random.standard_t(df, DRAWS // 2)
        found.append(random.permutation(np.concatenate([half, -half])))  # so that their median is the mean
    return found


def _mean_at(curves: pd.DataFrame, iterations: float, seed: int) -> Float[np.ndarray, " draws"] | None:
    mean, t = curves.mean(axis=1).to_numpy(float), curves.index.to_numpy(float)
    if iterations <= t[-1]:
        return np.full(DRAWS, np.interp(np.log(iterations), np.log(t), mean))
    ahead = extrapolate(t, mean, [iterations])
    return None if ahead is None else np.random.default_rng([1, seed]).choice(ahead.measured[:, 0], DRAWS)
