"""Theory's width against simulation's, and how far from a certificate random targets are: a figure and its numbers.

python benchmarks/theory_widths.py FILE.png    about ten minutes on two busy cores

Widths are of networks whose f(W_0) is 0 (`paired`), medians of three seeds, n = 100. The excess is that of Gaussian
networks, n = 500, whose f(W_0) grows with k; medians of three seeds, or nine for m = 1. "turned" is the change of J at
one W of the ball, whose units with the most (v_l·x)²/‖w_l‖² are turned to the other side of 0: no bound on the ball can
be below it.
"""

import statistics
import sys

import matplotlib.pyplot as plt
import numpy as np

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

SEEDS = range(3)
CRUDE = {1_000: 29.0, 10_000: 14.0, 100_000: 7.6}  # sums of norms, γ = 3.26; d = 2, m = 1


def turned(problem: ShallowGAN, radius: float) -> float:
    """The most change of J found by turning units, over the directions x of the singular vectors of V."""
    sizes, found = np.linalg.norm(problem.W0, axis=1), 0.0
    for x in np.linalg.svd(problem.V, full_matrices=False)[0].T:
        best = np.argsort(-((x @ problem.V) ** 2) / sizes**2)
        chosen = best[np.cumsum((sizes[best] * 1.0001) ** 2) <= radius**2]
        W = problem.W0.copy()
        W[chosen] *= -0.0001
        found = max(found, jacobian_norms(problem, W)[1])
    return found


def excesses(d: int, m: int) -> list[tuple[int, float, float]]:
    """For each k the bound, and what turned units reach, on the ball of the allowed change, over that change."""
    rows = []
    for k in (1_000, 3_000, 10_000, 30_000, 100_000):
        pairs = []
        for seed in range(9 if m == 1 else 3):  # ‖r_0‖ varies more where it is one number
            problem = ShallowGAN.gaussian(n=500, d=d, m=m, k=k, seed=seed)
            allowed, radius = allowed_ball(linearize(problem), None, norm_bound(problem))
            pairs.append((ball_bound(problem).change(radius) / allowed, turned(problem, radius) / allowed))
        bound, reached = (statistics.median(column) for column in zip(*pairs, strict=True))
        rows.append((k, bound, reached))
        print(f"excess, d = {d}, m = {m}, k = {k:,}: bound {bound:.3g}, turned units {reached:.3g}", flush=True)
    k, bound = np.log([row[:2] for row in rows]).T
    print(f"  slope {np.polyfit(k, bound, 1)[0]:.3f}; −d/(2(d + 2)) is {-d / (2 * (d + 2)):.3f}", flush=True)
    return rows


def widths(d: int, m: int) -> tuple[float | None, float | None]:
    """The medians of theory's and simulation's width; None where a seed has none up to the highest one tried."""

    def median(found: list[int | None]) -> float | None:
        return None if None in found else 2 * statistics.median(width for width in found if width)

    families = [lambda k, seed=seed: paired(ShallowGAN.gaussian(n=100, d=d, m=m, k=k, seed=seed)) for seed in SEEDS]
    theory = median([theory_width(family, lowest=64, highest=200_000) for family in families])
    simulation = median([simulation_width(family, highest=1_000) for family in families])
    print(f"width, d = {d}, m = {m}: theory {theory}, simulation {simulation}", flush=True)
    return theory, simulation


def main() -> None:
    certify(ShallowGAN.gaussian(n=10, k=10))  # compile
    ds, ms = (2, 3, 5, 10, 20), (1, 2, 4, 8)
    by_d = [widths(d, 2) for d in ds]
    by_m = [widths(5, m) for m in ms]
    excess = {(d, m): excesses(d, m) for d, m in ((2, 1), (10, 10))}
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    for axis, sizes, rows, label in ((axes[0], ds, by_d, "d (m = 2)"), (axes[1], ms, by_m, "m (d = 5)")):
        for side, name in enumerate(("theory", "simulation")):
            axis.plot(sizes, [row[side] if row[side] else np.nan for row in rows], "o-", label=name)
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="least width k", title="f(W₀) = 0, n = 100")
        axis.set_xticks(sizes, [str(size) for size in sizes])
        axis.set_xticks([], minor=True)
    for (d, m), rows in excess.items():
        k, bound, reached = zip(*rows, strict=True)
        (line,) = axes[2].plot(k, bound, "o-", label=f"bound, d = {d}, m = {m}")
        axes[2].plot(k, reached, "x:", color=line.get_color(), label=f"turned units, d = {d}, m = {m}")
    axes[2].plot(*zip(*CRUDE.items(), strict=True), "s--", color="gray", label="crude sketch, d = 2, m = 1")
    axes[2].axhline(1, color="black", linewidth=0.8)
    axes[2].set(
        xscale="log", yscale="log", xlabel="k", ylabel="‖J(W) − J(W₀)‖ / allowed", title="random f(W₀), n = 500"
    )
    for axis in axes:
        axis.legend(fontsize=8)
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
