"""How often every interval, band and verdict that runs are given by holds the truth, with 3, 5 and 10 seeds.

python benchmarks/intervals_coverage.py [STUDIES]    200 a cell by default, about two minutes of a free core

A line for each: with each number of seeds the share of simulated studies, in percent, in which it holds. Runs of a
width differ by noise that is normal; skewed (lognormal, skewness 2.3); heavy-tailed (Student's with 3 degrees of
freedom); or normal with a deviation that grows fourfold from the narrowest width to the widest.
"""

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import scipy

from overgan import recommend
from overgan.study import load_spec
from overgan.study.analysis import extrapolate, gaps, next_width, scaling, standing, transfer, trends
from overgan.study.gan import Coordinates
from overgan.training import Change

NOISES, SEEDS = ("normal", "skewed", "heavy-tailed", "growing"), (3, 5, 10)
TOLERANCE, SPREAD = 0.05, 0.1  # the second of a run, relative to the mean of its width
SKEW = 0.6  # deviation of the logarithm of a lognormal number
PLATEAU = np.array([8, 4, 2, 1.04, 1, 1, 1, 1])  # the fourth is the narrowest that is enough, and close to not being it
ABOVE = np.array([4, 1.06, 1.06, 1, 1, 1])  # the fourth, and two close to being it

SPEC = load_spec("quickstart")

Random = np.random.Generator


def noise(kind: str, shape: tuple[int, ...], random: Random) -> np.ndarray:
    """With a mean of 0 and a deviation of 1; the first axis is the widths."""
    if kind == "skewed":
        mean, square = np.exp(SKEW**2 / 2), np.exp(2 * SKEW**2)
        return (np.exp(SKEW * random.standard_normal(shape)) - mean) / np.sqrt(square - mean**2)
    if kind == "heavy-tailed":
        return random.standard_t(3, shape) / np.sqrt(3)
    normal = random.standard_normal(shape)
    if kind == "growing":
        normal = np.geomspace(0.5, 2, shape[0]).reshape(-1, *[1] * (len(shape) - 1)) * normal
    return normal


def runs(means: np.ndarray, kind: str, seeds: int, random: Random) -> np.ndarray:
    """The values of each width's runs; (widths, seeds)."""
    return means[:, None] * np.maximum(1 + SPREAD * noise(kind, (len(means), seeds), random), 0.05)


def table(values: np.ndarray, ks: np.ndarray, name: str, inner: np.ndarray) -> pd.DataFrame:
    """A row a value of (widths, inner, seeds)."""
    index = pd.MultiIndex.from_product([ks, inner, range(values.shape[2])], names=["k", name, "seed"])
    return pd.DataFrame({"value": values.ravel()}, index).reset_index()


def percentile_bootstrap(kind: str, seeds: int, random: Random) -> bool:
    x = noise(kind, (2, seeds), random)[1]
    low, high = np.quantile(x[random.integers(seeds, size=(2000, seeds))].mean(1), [0.025, 0.975])
    return bool(low <= 0 <= high)


def students(kind: str, seeds: int, random: Random) -> bool:
    x = noise(kind, (2, seeds), random)[1]
    return bool(abs(x.mean()) <= scipy.stats.t.isf(0.025, seeds - 1) * x.std(ddof=1) / np.sqrt(seeds))


def range_of_runs(kind: str, seeds: int, random: Random) -> bool:
    x = noise(kind, (2, seeds), random)[1]
    return bool(x.min() <= 0 <= x.max())


def one_error(kind: str, seeds: int, random: Random) -> bool:
    x = noise(kind, (2, seeds), random)[1]
    return bool(abs(x.mean()) <= x.std(ddof=1) / np.sqrt(seeds))


def race_interval(kind: str, seeds: int, random: Random) -> bool:
    found = standing(dict(enumerate(runs(PLATEAU, kind, seeds, random), 1)), TOLERANCE, 0.95)
    low, high = found.intervals[5]
    return low <= PLATEAU[4] <= high


def recommended(means: np.ndarray, diverging: float = 0.0) -> Callable[[str, int, Random], bool]:
    def holds(kind: str, seeds: int, random: Random) -> bool:
        values = runs(means / (1 + diverging), kind, seeds, random)  # with as many diverging, the means are as given
        values[random.random(values.shape) < diverging] = np.inf
        low, high = recommend(dict(enumerate(values, 1)), TOLERANCE).interval
        return low <= 4 <= high

    return holds


def best_steps(kind: str, seeds: int, random: Random) -> tuple[float, float, pd.DataFrame, dict[int, float]]:
    """True exponent, true logarithm of the best step at the widest, the runs, and the best rate of each width."""
    widths, exponent = 4, float(random.choice([0, -1]))
    places = np.arange(widths)
    rates = np.arange(round(-exponent * (widths - 1)) + 5)
    best = rates.mean() + random.uniform(-0.5, 0.5) + exponent * (places - places.mean())
    logs = 0.15 * (rates - best[:, None])[:, :, None] ** 2 + SPREAD * noise(kind, (widths, len(rates), seeds), random)
    of = table(np.exp(logs), 2**places, "learning_rate", 2.0**rates)
    means = of.pivot_table(index="k", columns="learning_rate", values="value")
    return exponent, best[-1] * np.log(2), of, means.idxmin(axis=1).to_dict()


def exponent(kind: str, seeds: int, random: Random) -> bool | None:
    true, _, of, best = best_steps(kind, seeds, random)
    interval = scaling(of, best).interval
    return None if interval is None else interval[0] <= true <= interval[1]


def law(kind: str, seeds: int, random: Random) -> bool | None:
    _, true, of, best = best_steps(kind, seeds, random)
    found = scaling(of, best)
    _, low, high = found.line([8])[0] if found.interval else (0, 0, 0)
    return np.log(low) <= true <= np.log(high) if found.interval else None


def later_distance(kind: str, seeds: int, random: Random) -> bool:
    """Whether a curve's mean over the seeds is where it was said to be after twice the iterations."""
    x, waves = np.append(np.arange(1, 21), 40), noise(kind, (2, 21, seeds), random)[1]
    for i in range(1, 20):  # an evaluation is like the one before it, the last of all like none
        waves[i] = 0.6 * waves[i - 1] + 0.8 * waves[i]
    curve = ((1 + 4 / x)[:, None] * (1 + SPREAD * waves)).mean(1)
    _, low, high = extrapolate(x[:-1], curve[:-1], [x[-1]]).interval()[:, 0]
    return low <= curve[-1] <= high


def next_mean(kind: str, seeds: int, random: Random) -> bool:
    """Whether the mean of as many runs at the next, wider network is where it was said to be."""
    widths = 2 ** np.arange(1, 8)
    values = runs(1 + 20 / widths, kind, seeds, random)
    found = next_width(dict(zip(widths[:-1].tolist(), values, strict=False)))
    return found is not None and found.low <= values[-1].mean() <= found.high


def not_failing(kind: str, seeds: int, random: Random) -> bool:
    """Whether a narrow width's rate that costs just the tolerance is not said to fail."""
    means = np.repeat([[1.0, 1.0]], 5, axis=0)
    means[1:, 0] = 1 + TOLERANCE
    values = means[:, :, None] * np.maximum(1 + SPREAD * noise(kind, (5, 2, seeds), random), 0.05)
    of = table(values, 2 ** np.arange(5), "learning_rate", np.array([1.0, 2.0]))
    found = transfer(of, {1: 1.0} | dict.fromkeys((2, 4, 8, 16), 2.0), 1, TOLERANCE)
    return found is not None and found.verdict != "fails"


def not_falling(kind: str, seeds: int, random: Random) -> bool:
    """Whether no width of six, all level, is said to fall still."""
    own, shaking = noise(kind, (6, 1, seeds), random), noise(kind, (6, 10, seeds), random)
    values = 1 + 2 * SPREAD * (own + shaking) / np.sqrt(2)
    of = table(values, 2 ** np.arange(6), "iteration", 100 * np.arange(1, 11))
    return not any(trend.falling for trend in trends(of, TOLERANCE).values())


def neither_above_nor_below(kind: str, seeds: int, random: Random) -> bool:
    """Whether of six widths none is said to be above or below, where real images could be exchanged.

    Split at random, they give all runs one difference, and each of them one of its own.
    """
    shared, own = noise(kind, (2, 11), random)[1], noise(kind, (6, 11, seeds), random)
    differences = shared[None, :, None] + 0.5 * own  # the first of the eleven splits is that into train and test
    error = np.sqrt(np.square(differences[:, 1:]).mean(1))
    final = table(differences[:, :1], 2 ** np.arange(6), "split", np.array([0])).rename(
        columns={"value": "frechet_gap"}
    )
    found = gaps(final.assign(frechet_gap_error=error.ravel(), frechet_gap_draws=10))
    return all(gap.verdict == "unclear" for gap in found.values())


def rule_that_holds(kind: str, seeds: int, random: Random) -> bool:
    """Whether a rule is not rejected whose 18 slopes are all the largest that count as level, over four widths."""
    of_seed = noise(kind, (6, 3, seeds), random) / 2 + noise("normal", (1, 1, seeds), random) / 2  # of layers together
    found = [
        Change("mup", 2**place, seed, "critic", str(layer), updates, float(2.0 ** (place * (0.1 + 0.1 * slope))))
        for (layer, updates, seed), slope in np.ndenumerate(of_seed)
        for place in range(4)
    ]
    return Coordinates(SPEC, tuple(found)).holds("mup") is not False


CLAIMS: dict[str, Callable[[str, int, Random], bool | None]] = {
    "mean of a width: percentile bootstrap (no longer used)": percentile_bootstrap,
    "mean of a width: Student's interval": students,
    "mean of a width: the range of its runs": range_of_runs,
    "mean of a width: one standard error": one_error,
    "mean of a width: the race's, whenever one looks": race_interval,
    "recommended width, one 4 % above the best": recommended(PLATEAU),
    "recommended width, two 6 % above the best": recommended(ABOVE),
    "recommended width, 4 %, and 10 % of runs diverge": recommended(PLATEAU, 0.1),
    "exponent of the best step": exponent,
    "power law of the best step, at the widest": law,
    "a narrow width's rate fails at wider ones": not_failing,
    "a distance still falls": not_falling,
    "test is above or below train": neither_above_nor_below,
    "a learning-rate rule does not hold": rule_that_holds,
    "distance after twice the iterations": later_distance,
    "mean of the next, wider network": next_mean,
}


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"| holds, %, with {', '.join(map(str, SEEDS))} seeds; noise | {' | '.join(NOISES)} |")
    for name, claim in CLAIMS.items():
        cells = []
        for kind in NOISES:
            shares = []
            for seeds in SEEDS:
                random = np.random.default_rng([list(CLAIMS).index(name), NOISES.index(kind), seeds])
                held = [holds for _ in range(studies) if (holds := claim(kind, seeds, random)) is not None]
                shares.append(f"{100 * np.mean(held):.0f}")
            cells.append(", ".join(shares))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
