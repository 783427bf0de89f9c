"""How the best step of training goes with the width: the exponent of a power law, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second
from jaxtyping import Float

WIDTHS, SEEDS = 3, 2  # at least, for an interval: a line through two has no error, and one seed no spread
CONFIDENCE = 0.95


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
        around = _student(self._slopes)
        return self.exponent - around, self.exponent + around

    def line(self, widths: Sequence[int]) -> list[tuple[float, float, float]]:
        """At each width the power law's step, with the ends of its 95 % interval where the exponent has one."""
        found = []
        for width in widths:
            logs = self._logs.mean(0) + self._slopes * (np.log(width) - self._x.mean())
            around = _student(logs) if self.interval else 0.0
            found.append(tuple(float(np.exp(logs.mean() + by)) for by in (0.0, -around, around)))
        return found  # type: ignore[return-value] # three each

    @cached_property
    def _x(self) -> Float[np.ndarray, " widths"]:
        return np.log(np.array(list(self.steps), float))

    @cached_property
    def _logs(self) -> Float[np.ndarray, "widths seeds"]:
        return np.log(np.array(list(self.steps.values()), float))

    @cached_property
    def _slopes(self) -> Float[np.ndarray, " seeds"]:
        """Of each seed's logarithms over log k, by least squares."""
        x = self._x - self._x.mean()
        slopes: Float[np.ndarray, " seeds"] = x @ self._logs / np.square(x).sum()
        return slopes


def scaling(runs: pd.DataFrame) -> Scaling:
    """How the best step scales with the width.

    runs: a row a run, with the columns k, learning_rate, seed and value, of which less is better; a run without a row,
    or whose value is no positive number, did not finish.

    The best step of a seed at a width is the vertex of the parabola, over the logarithm of the learning rate, through
    the logarithms of the values at its best rate and at the two beside it; if it lacks one of these, its best rate.
    Through the logarithms of a seed's best steps, over log k, goes a line by least squares. The exponent is the mean of
    the seeds' slopes, which depend on no other seed's runs, and the interval is Student's.

    A width whose best rate, in the mean, is at an edge only bounds its best step and is left out: it is the least or
    the largest of those that were tried, or the one beside finished with no seed. So is a seed that did not finish at
    every other width. Whether the law is one of powers the interval does not ask. How often it holds the true exponent
    is in docs/concepts.md.
    """
    tables = {int(k): _logs(of) for k, of in runs.groupby("k")}
    inner = {k: table for k, table in tables.items() if _is_inner(table)}
    seeds = [table.index[table.notna().any(axis=1)] for table in inner.values()]
    common = sorted(set.intersection(*map(set, seeds))) if seeds else []
    steps = {k: tuple(_vertex(table.loc[seed].dropna()) for seed in common) for k, table in inner.items()}
    return Scaling(steps if common else {}, tuple(k for k in tables if k not in inner or not common))


def best_rate(values: pd.DataFrame) -> float:
    """Of the learning rates (columns) with which most runs (rows) finished, that of the least mean; else it is nan."""
    finished = values.notna().sum()
    most = finished[finished == finished.max()].index
    return float(values[most].mean().idxmin())


def _logs(runs: pd.DataFrame) -> pd.DataFrame:
    """The logarithms of the values: a row a seed, a column a learning rate, ascending."""
    values = runs.pivot_table(index="seed", columns="learning_rate", values="value", dropna=False).astype(float)
    return np.log(values.where((values > 0) & np.isfinite(values))).sort_index(axis=1)


def _is_inner(logs: pd.DataFrame) -> bool:
    """Whether there are runs on both sides of the rate that is best in the mean."""
    if logs.isna().all(axis=None):
        return False
    place = logs.columns.get_loc(best_rate(np.exp(logs)))
    beside = [place - 1, place + 1]
    return beside[0] >= 0 and beside[1] < logs.shape[1] and bool(logs.iloc[:, beside].notna().any().all())


def _vertex(logs: pd.Series) -> float:
    """The best step of one seed at one width, by its logarithms at learning rates."""
    x, place = np.log(logs.index.to_numpy(float)), int(logs.to_numpy().argmin())
    near = slice(place - 1, place + 2)
    if not 0 < place < len(x) - 1:
        return float(np.exp(x[place]))
    square, linear, _ = np.polyfit(x[near] - x[place], logs.to_numpy()[near], 2)
    return float(np.exp(x[place] - (linear / (2 * square) if square > 0 else 0.0)))  # all three may be equal


def _student(values: Float[np.ndarray, " seeds"]) -> float:
    """Half of the interval of their mean."""
    quantile = scipy.stats.t.isf((1 - CONFIDENCE) / 2, len(values) - 1)
    return float(quantile * values.std(ddof=1) / np.sqrt(len(values)))
