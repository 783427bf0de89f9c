"""How often the intervals of extrapolated curves hold what comes, on simulated curves and on real ones.

python benchmarks/curves_coverage.py [--curves 60]           simulated: some minutes of a free core
python benchmarks/curves_coverage.py DIR [DIR …]             real: finished studies

Simulated: the mean of 3, 5 or 10 runs at 10, 20 and 60 evaluations, of ten laws that are not all those that are fitted;
each run has its own level (10 %), and noise of 2, 10 or 20 %, half of the curves with waves (ρ = 0.7). Predicted is the
mean that the same runs would measure at two and at four times the iterations. Then the mean at the next width, which is
withheld, of 4, 5 and 7 widths by eight laws, with as many seeds and noise.

Real: of each run, and of each width's mean, at a constant learning rate, the second half is withheld, and what was
measured in the end compared; and of each study the means of wider widths, one after the other.
"""

import argparse

import numpy as np

import overgan
from overgan.study.analysis import extrapolate, next_width

LAWS = {
    "level": lambda x: 3 + 0 * x,
    "power law": lambda x: 3 * x**-0.3,
    "power law, floor": lambda x: 2 + x**-0.7,
    "slow power law, floor": lambda x: 1 + 2 * x**-0.25,
    "logarithm": lambda x: 3 - 0.5 * np.log(x),
    "exponential, floor": lambda x: 2 + 1.5 * np.exp(-3 * x),
    "stretched exponential, floor": lambda x: 2 + 4 * np.exp(-2 * np.sqrt(x)),
    "steep, then level": lambda x: 2 + 0.02 * x**-2.5,
    "rising": lambda x: 2 + x,
    "turning up": lambda x: 1.5 * x**-0.5 + 0.5 * x,
}
WIDTHS = {
    "1/k, floor": lambda k: 3 + 60 / k,
    "1/k², floor": lambda k: 1 + 100 / k**2,
    "slow power law": lambda k: 20 * k**-0.4,
    "level": lambda k: 3 + 0 * k,
    "logarithm": lambda k: 20 - 3 * np.log(k),
    "exponential, floor": lambda k: 3 + 30 * np.exp(-k / 8),
    "turning up": lambda k: 20 / k + 0.03 * k + 1,
    "1/k, each width 5 % off": lambda k: 3 + 60 / k,
}
NOISES = (0.02, 0.1, 0.2)


def simulated_curve(
    law: str, count: int, seeds: int, noise: float, wave: float, random: np.random.Generator
) -> list[bool]:
    """Whether the means at 2 and 4 times the iterations are in their intervals."""
    x, ahead = np.arange(1, count + 1) / count, np.array([2.0, 4.0])
    waves = random.standard_normal((count, seeds))
    for i in range(1, count):
        waves[i] = wave * waves[i - 1] + np.sqrt(1 - wave**2) * waves[i]
    level = np.exp(0.1 * random.standard_normal(seeds))
    seen = (LAWS[law](x)[:, None] * level * np.maximum(1 + noise * waves, 0.01)).mean(1)
    truth = (LAWS[law](ahead)[:, None] * level * (1 + noise * random.standard_normal((2, seeds)))).mean(1)
    _, low, high = extrapolate(1000 * x, seen, [2000, 4000]).interval()
    return [bool(b) for b in (low <= truth) & (truth <= high)]


def simulated_width(law: str, count: int, seeds: int, noise: float, random: np.random.Generator) -> bool:
    """Whether the mean of the next width is in its interval."""
    k = 2.0 ** np.arange(1, count + 2)
    means = WIDTHS[law](k) * (np.exp(0.05 * random.standard_normal(len(k))) if "off" in law else 1)
    runs = means[:, None] * (1 + noise * random.standard_normal((len(k), seeds)))
    found = next_width({int(width): of for width, of in zip(k[:-1], runs[:-1], strict=True)})
    return bool(found.low <= runs[-1].mean() <= found.high)


def simulated(curves: int) -> None:
    random = np.random.default_rng(0)
    print("covered, %: law | twice the iterations, of means of 3, 5, 10 runs | four times, of 3, 5, 10")
    every = []
    for law in LAWS:
        cells = []
        for seeds in (3, 5, 10):
            hits = [
                simulated_curve(law, count, seeds, noise, wave, random)
                for count in (10, 20, 60)
                for noise in NOISES
                for wave in (0.0, 0.7)
                for _ in range(max(1, curves // 18))
            ]
            cells.append(np.mean(hits, 0))
        every.append(cells)
        print(f"| {law} | {row(cells, 0)} | {row(cells, 1)} |", flush=True)
    print(f"| all | {row(np.mean(every, 0), 0)} | {row(np.mean(every, 0), 1)} |")
    print("covered, %: law | the next width, of 3, 5, 10 seeds")
    every = []
    for law in WIDTHS:
        cells = [
            np.mean(
                [
                    [simulated_width(law, count, seeds, noise, random)]
                    for count in (4, 5, 7)
                    for noise in NOISES
                    for _ in range(max(1, curves // 9))
                ],
                0,
            )
            for seeds in (3, 5, 10)
        ]
        every.append(cells)
        print(f"| {law} | {row(cells, 0)} |", flush=True)
    print(f"| all | {row(np.mean(every, 0), 0)} |")


def row(cells: list[np.ndarray], place: int) -> str:
    return ", ".join(f"{100 * cell[place]:.0f}" for cell in cells)


def real(folder: str) -> None:
    study = overgan.load(folder)
    runs, means, widths = [], [], []
    for features in study.spec.evaluate.features:
        rows = study.curves(features)
        by_width = {
            k: of.pivot_table(index="iteration", columns="seed", values="value").dropna(axis=1)
            for k, of in rows.groupby("k")
        }
        if study.spec.train.schedule == "constant":
            for curves in by_width.values():
                runs += [ends_in(curves[seed]) for seed in curves]
                means.append(ends_in(curves.mean(axis=1)))
        last = {int(k): curves.iloc[-1].to_numpy(float) for k, curves in by_width.items()}
        known = sorted(last)
        for count in range(4, len(known)):
            found = next_width({k: last[k] for k in known[:count]}, known[count])
            widths += [found.low <= last[known[count]].mean() <= found.high] if found else []
    for name, hits in (("runs", runs), ("means of widths", means), ("next widths", widths)):
        hits = [hit for hit in hits if hit is not None]
        if hits:
            print(f"{folder}: {name}: {sum(map(bool, hits))} of {len(hits)} covered")


def ends_in(curve: object) -> bool | None:
    """Whether the last value of a curve is in the interval that its first half gives; None if that has none."""
    t, y = curve.index.to_numpy(float), curve.to_numpy(float)
    first = t <= t[-1] / 2
    found = extrapolate(t[first], y[first], [t[-1]])
    if found is None:
        return None
    _, low, high = found.interval()[:, 0]
    return bool(low <= y[-1] <= high)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--curves", type=int, default=60, help="a law and number of seeds")
    given = parser.parse_args()
    for folder in given.folders:
        real(folder)
    if not given.folders:
        simulated(given.curves)


if __name__ == "__main__":
    main()
