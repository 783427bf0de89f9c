"""Theory's width against simulation's, and how far from a certificate Gaussian networks are: a figure and its numbers.

python benchmarks/theory_widths.py FILE.png    about half an hour of processor time

Every number is a median over seeds, with the order statistics that hold the true median with at least 95 % confidence,
whatever the distribution. Targets have random directions and a norm that is held. Widths are of networks whose f(W_0)
is 0 (`paired`), n = 100, 25 seeds. The excess is that of Gaussian networks, n = 500, 15 seeds, whose f(W_0) grows
with k. "turned" is the change of J at one W of the ball, whose units with the most (v_l·x)²/‖w_l‖² are turned to the
other side of 0: no bound on the ball can be below it.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from scipy.stats import binom

from overgan.theory import (
    ShallowGAN,
    ball_bound,
    certify,
    jacobian_norms,
    linearize,
    norm_bound,
    paired,
    simulation_width,
    theory_width,
)
from overgan.theory._balls import allowed_ball

TARGET_STREAM = 100  # of a seed; those of ShallowGAN.gaussian are below it
DS, MS, NORMS, KS = (2, 3, 5, 10, 20), (1, 2, 4, 8), (0.5, 1, 2), (1_000, 3_000, 10_000, 30_000, 100_000)


class Median(NamedTuple):
    value: float
    low: float
    high: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Median":
        """With its interval [x_j, x_(n+1−j)] of sorted values: fewer than j of n lie on a given side of the median with
        the probability that fewer than j of n fair coins fall heads, here at most 2.5 %.
        """
        x = np.sort(list(values))
        j = int(binom.ppf(0.025, len(x), 0.5))
        return cls(float(np.median(x)), float(x[j - 1]), float(x[-j]), float(x[0]), float(x[-1]))

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}], all {self.least:.4g} to {self.most:.4g}"


def gaussian(n: int, d: int, m: int, k: int, seed: int, norm: float = 1.0) -> ShallowGAN:
    """A drawn problem whose target has that norm and a random direction, which does not depend on k."""
    x = np.random.default_rng([seed, TARGET_STREAM]).standard_normal(m)
    return ShallowGAN.gaussian(n=n, d=d, m=m, k=k, seed=seed, target=norm * x / np.linalg.norm(x))


@cache
def widths(d: int, m: int, norm: float) -> tuple[np.ndarray, np.ndarray]:
    """Theory's and simulation's width of every seed, inf if there is none up to the highest one tried."""

    def both(width: Callable[..., int | None], lowest: int, highest: int) -> np.ndarray:
        families = [lambda k, seed=seed: paired(gaussian(100, d, m, k, seed, norm)) for seed in range(25)]
        return np.array([2 * (width(family, lowest=lowest, highest=highest) or np.inf) for family in families])

    theory, simulation = both(theory_width, 8, 400_000), both(simulation_width, 1, 1_000)
    print(f"width, d = {d}, m = {m}, ‖target‖ = {norm:.3g}: theory {Median.of(theory)}", flush=True)
    print(f"  simulation {Median.of(simulation)}; theory / simulation {Median.of(theory / simulation)}", flush=True)
    return theory, simulation


def slopes(x: Iterable[float], rows: Iterable[np.ndarray]) -> Median:
    """Of the slopes of every seed in logarithms."""
    return Median.of(np.polyfit(np.log(list(x)), np.log(list(rows)), 1)[0])


def turned(problem: ShallowGAN, radius: float) -> float:
    """The most change of J found by turning units, over the directions x of the singular vectors of V."""
    sizes, found = np.linalg.norm(problem.W0, axis=1), 0.0
    for x in np.linalg.svd(problem.V, full_matrices=False)[0].T:
        best = np.argsort(-((x @ problem.V) ** 2) / sizes**2)
        chosen = best[np.cumsum((sizes[best] * 1.0001) ** 2) <= radius**2]
        if len(chosen):  # J changes in their columns alone
            part = replace(problem, V=problem.V[:, chosen], W0=problem.W0[chosen])
            found = max(found, jacobian_norms(part, -0.0001 * part.W0)[1])
    return found


def excesses(d: int, m: int) -> list[tuple[Median, Median]]:
    """For each k the bound, and what turned units reach, on the ball of the allowed change, over that change."""
    bounds, rows = [], []
    for k in KS:
        drawn = []
        for seed in range(15):
            problem = gaussian(500, d, m, k, seed)
            linear = linearize(problem)
            allowed, radius = allowed_ball(linear, None, norm_bound(problem))
            bound, reached = ball_bound(problem).change(radius) / allowed, turned(problem, radius) / allowed
            drawn.append((bound, reached, float(np.linalg.norm(linear.r_0))))
        bound, reached, first = np.transpose(drawn)
        bounds.append(bound)
        rows.append((Median.of(bound), Median.of(reached)))
        print(f"excess, d = {d}, m = {m}, k = {k:,}: bound {rows[-1][0]}; turned units {rows[-1][1]}", flush=True)
        print(f"  bound / turned {Median.of(bound / reached)}; at most 1: {(bound <= 1).sum()} of 15", flush=True)
        correlation = np.corrcoef(np.log(first), np.log(bound))[0, 1]
        print(f"  ‖r_0‖ {Median.of(first)}; correlation of logarithms {correlation:.3f}", flush=True)
    print(f"  slope {slopes(KS, bounds)}; −d/(2(d + 2)) is {-d / (2 * (d + 2)):.3f}", flush=True)
    return rows


def draw(axis: Axes, x: tuple[float, ...], medians: list[Median], style: str, label: str, color: str) -> None:
    value, low, high = np.transpose([row[:3] for row in medians])
    axis.errorbar(x, value, (value - low, high - value), fmt=style, label=label, color=color, capsize=3)


def main() -> None:
    certify(ShallowGAN.gaussian(n=10, k=10))  # compile
    by_d = [widths(d, 2, 1) for d in DS]
    by_m = [widths(5, m, 1) for m in MS]
    by_m_grown = [widths(5, m, m**0.5) for m in MS]
    by_norm = [widths(5, 2, norm) for norm in NORMS]
    for name, x, rows in (
        ("m, ‖target‖ = 1", MS, by_m),
        ("m, ‖target‖ = √m", MS, by_m_grown),
        ("‖target‖, d = 5, m = 2", NORMS, by_norm),
    ):
        theory, simulation = zip(*rows, strict=True)
        print(f"slope against {name}: theory {slopes(x, theory)}; simulation {slopes(x, simulation)}", flush=True)
    excess = {(d, m): excesses(d, m) for d, m in ((2, 1), (10, 10))}
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    for axis, x, rows, style, norm in (
        (axes[0], DS, by_d, "-", "1"),
        (axes[1], MS, by_m, "-", "1"),
        (axes[1], MS, by_m_grown, ":", "√m"),
    ):
        for side, (name, color) in enumerate((("theory", "tab:blue"), ("simulation", "tab:orange"))):
            draw(axis, x, [Median.of(row[side]) for row in rows], "o" + style, f"{name}, ‖x̄‖ = {norm}", color)
        axis.set(xscale="log", yscale="log", ylabel="least width k", title="f(W₀) = 0, n = 100")
        axis.set_xticks(x, [str(size) for size in x])
        axis.set_xticks([], minor=True)
    axes[0].set(xlabel="d (m = 2)")
    axes[1].set(xlabel="m (d = 5)")
    for ((d, m), pairs), color in zip(excess.items(), ("tab:blue", "tab:orange"), strict=True):
        bound, reached = (list(column) for column in zip(*pairs, strict=True))
        draw(axes[2], KS, bound, "o-", f"bound, d = {d}, m = {m}", color)
        draw(axes[2], KS, reached, "x:", f"turned units, d = {d}, m = {m}", color)
    axes[2].axhline(1, color="black", linewidth=0.8)
    axes[2].set(
        xscale="log", yscale="log", xlabel="k", ylabel="‖J(W) − J(W₀)‖ / allowed", title="random f(W₀), n = 500"
    )
    for axis in axes:
        axis.legend(fontsize=8)
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
