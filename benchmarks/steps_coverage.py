"""How often the interval of the best step's exponent holds the true one, in simulated studies.

python benchmarks/steps_coverage.py [STUDIES]    200 a cell by default, about five minutes of a free core

The logarithm of a run's distance is that of its width's curve, which has its least at a step ∝ k^a, and normal noise of
the run. Learning rates and widths go in factors of 2; where between two rates the least lies differs between studies,
and a is 0 or −1. The grid ends 1 or 2 rates beyond the best steps of the narrowest and the widest.
"""

import sys
from itertools import product

import numpy as np
import pandas as pd

from overgan.study.analysis import scaling

CURVES = {  # log of the distance over that of the least one; steps in octaves from the best
    "parabola": lambda octaves: 0.15 * octaves**2,
    "cliff": lambda octaves: np.where(octaves < 0, 0.08, 0.5) * octaves**2,
    "corner": lambda octaves: np.where(octaves < 0, 0.15, 0.45) * np.abs(octaves),
    "flat": lambda octaves: 0.04 * octaves**2,
}


def study(
    curve: str, noise: float, margin: int, widths: int, seeds: int, random: np.random.Generator
) -> tuple[pd.DataFrame, float]:
    """The runs of a study, and the true exponent."""
    exponent = float(random.choice([0, -1]))
    places = np.arange(widths)
    rates = np.arange(round(-exponent * (widths - 1)) + 2 * margin + 1)
    best = rates.mean() + random.uniform(-0.5, 0.5) + exponent * (places - places.mean())
    logs = CURVES[curve](rates - best[:, None])[:, :, None]
    logs = logs + noise * random.standard_normal((widths, len(rates), seeds))
    index = pd.MultiIndex.from_product([2**places, 2.0**rates, range(seeds)], names=["k", "learning_rate", "seed"])
    return pd.DataFrame({"value": np.exp(logs).ravel()}, index).reset_index(), exponent


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(
        "covered, half of the interval (median), error in the mean (towards 0 if a is -1), studies without an interval"
    )
    cells = product(CURVES, (0.05, 0.1, 0.2), (1, 2), (3, 4, 6), (3, 5))
    for cell, (curve, noise, margin, widths, seeds) in enumerate(cells):
        random = np.random.default_rng(cell)
        found = []
        for _ in range(studies):
            runs, exponent = study(curve, noise, margin, widths, seeds, random)
            means = runs.pivot_table(index="k", columns="learning_rate", values="value")
            of = scaling(runs, means.idxmin(axis=1))
            if of.interval is not None:
                low, high = of.interval
                found.append((low <= exponent <= high, (high - low) / 2, of.exponent - exponent))
        covered, half, error = zip(*found, strict=True)
        print(
            f"{curve}, noise {noise:.0%}, margin {margin}, {widths} widths, {seeds} seeds: {np.mean(covered):.2f} "
            f"{np.median(half):.2f} {np.mean(error):+.2f} {studies - len(found)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
