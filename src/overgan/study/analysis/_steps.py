"""How the best step of training goes with the width: the exponent of a power law, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from overgan.study.analysis._student import student_half

WIDTHS, SEEDS = 3, 2  # at least, for an interval: a line through two has no error, and one seed no spread
ROUNDING = 1e-9  # of an exponent

Rates = Float[np.ndarray, " rates"]


@dataclass(frozen=True)
class Scaling:
    """The best step ∝ k^exponent, as far as the runs say."""

    steps: dict[int, tuple[float, ...]]  # of each width whose best is not at an edge, that of each seed
    edges: tuple[int, ...]  # the other widths: there the best is the least or the largest that was tried, or trained

    @property
    def exponent(self) -> float:
        """The mean of the seeds' slopes; nan with fewer than two widths."""
        return float(self._slopes.mean()) if len(self.steps) > 1 else np.nan

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the exponent; None with fewer than three widths or two seeds."""
        if len(self.steps) < WIDTHS or len(self._slopes) < SEEDS:
            return None
        around = student_half(self._slopes)
        return self.exponent - around, self.exponent + around

    def line(self, widths: Sequence[int]) -> list[tuple[float, float, float]]:
        """At each width the power law's step, with the ends of its 95 % interval where the exponent has one."""
        found = []
        for width in widths:
            logs = self._logs.mean(0) + self._slopes * (np.log(width) - self._x.mean())
            around = student_half(logs) if self.interval else 0.0
            step, low, high = (float(np.exp(logs.mean() + by)) for by in (0.0, -around, around))
            found.append((step, low, high))
        return found

    @cached_property
    def _x(self) -> Float[np.ndarray, " widths"]:
        return _log(list(self.steps))

    @cached_property
    def _logs(self) -> Float[np.ndarray, "widths seeds"]:
        return _log(list(self.steps.values()))

    @cached_property
    def _slopes(self) -> Float[np.ndarray, " seeds"]:
        """Of each seed's logarithms over log k, by least squares."""
        x = self._x - self._x.mean()
        slopes: Float[np.ndarray, " seeds"] = x @ self._logs / np.square(x).sum()
        return np.where(np.abs(slopes) < ROUNDING, 0.0, slopes)  # else equal steps differ by what was rounded


def scaling(runs: pd.DataFrame, best: Mapping[int, float]) -> Scaling:
    """How the best step scales with the width.

    runs: a row a run, with the columns k, learning_rate, seed and value, of which less is better; a run without a row,
    or whose value is no positive number, did not finish. best: the best of the learning rates in the mean, by width.

    The best step of a seed at a width is the vertex of the parabola, over the logarithm of the learning rate, through
    the logarithms of the values at its best rate and at the two beside it; if it lacks one of these, its best rate.
    Through the logarithms of a seed's best steps, over log k, goes a line by least squares. The exponent is the mean of
    the seeds' slopes, which depend on no other seed's runs, and the interval is Student's.

    A width whose best rate is at an edge only bounds its best step and is left out: it is the least or the largest of
    those that were tried, or no seed finished with the one beside. So is a seed that did not finish at every other
    width. Whether the law is one of powers the interval does not ask. How often it holds the true exponent is in
    docs/concepts.md.
    """
    rates, logs = _logs(runs)
    inner = {k: of for k, of in logs.items() if k in best and _is_inner(of, int(np.flatnonzero(rates == best[k])[0]))}
    common = sorted(set.intersection(*map(set, inner.values()))) if inner else []
    steps = {k: tuple(_vertex(np.log(rates), of[seed]) for seed in common) for k, of in inner.items()}
    return Scaling(steps if common else {}, tuple(k for k in logs if k not in inner or not common))


def _logs(runs: pd.DataFrame) -> tuple[Rates, dict[int, dict[int, Rates]]]:
    """The learning rates, ascending, and by width the logarithms of each seed's values; nan where there is none."""
    values = runs.pivot(index=["k", "seed"], columns="learning_rate", values="value").astype(float).sort_index(axis=1)
    values = values.where((values > 0) & np.isfinite(values)).dropna(how="all")
    logs: dict[int, dict[int, Rates]] = {}
    for (k, seed), row in zip(values.index, _log(values.to_numpy(float)), strict=True):
        logs.setdefault(int(k), {})[int(seed)] = row
    return values.columns.to_numpy(float), logs


def _log(values: Sequence[Any] | np.ndarray) -> Float[np.ndarray, "*shape"]:
    found: Float[np.ndarray, "*shape"] = np.log(np.array(values, float))
    return found


def _is_inner(logs: Mapping[int, Rates], place: int) -> bool:
    """Whether there are runs on both sides of a rate."""
    finished = ~np.isnan(np.stack(list(logs.values())))
    return 0 < place < finished.shape[1] - 1 and bool(finished[:, [place - 1, place + 1]].any(0).all())


def _vertex(x: Rates, logs: Rates) -> float:
    """The best step of one seed at one width. x: the learning rates' logarithms."""
    place = int(np.nanargmin(logs))
    around = slice(place - 1, place + 2)
    if not 0 < place < len(x) - 1 or np.isnan(logs[around]).any():
        return float(np.exp(x[place]))
    square, linear, _ = np.polyfit(x[around] - x[place], logs[around], 2)
    return float(np.exp(x[place] - (linear / (2 * square) if square > 0 else 0.0)))  # all three may be equal
