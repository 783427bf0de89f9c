"""The race of `overgan run --until-sure` on runs that are already there: what it names, how often, and what that saves.

python benchmarks/until_sure_replay.py DIR [DIR …] [--orders 200] [--confidence 0.95] [--tolerance T]    under a minute

The folders are of finished studies of one spec, but for its widths and seeds; of a run in several the last one counts.
The race is played on their own runs: three of every width, then as many as `next_seeds` asks for, as long as there are
some. First in the order of the seeds, then in random ones, the same at every width, where seeds that more widths have
come first. Taken for true is what all runs say: the narrowest width whose mean is within the tolerance of the least.
"""

import argparse
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy

import overgan
from overgan.study.analysis import as_judged, next_seeds, standing
from overgan.study.gan._race import costs, values_in_order

FIRST = 3


@dataclass(frozen=True)
class Runs:
    """Of each width: the distance of each seed, the same seeds at all widths; the seconds and the cost of a run."""

    values: dict[int, np.ndarray]
    seconds: dict[int, float]
    costs: dict[int, float]

    @property
    def counts(self) -> dict[int, int]:
        return {k: len(v) for k, v in self.values.items()}

    def spent(self, seeds: dict[int, int]) -> float:
        return sum(self.seconds[k] * n for k, n in seeds.items())


def joined(folders: list[Path]) -> tuple[Runs, float]:
    """The runs of all the folders, and the tolerance of their spec."""
    studies = [overgan.load(folder) for folder in folders]
    specs = [study.spec.model_dump(exclude={"name", "widths", "seeds"}) for study in studies]
    by_seed = defaultdict[int, dict[int, float]](dict)
    seconds, cost = dict[int, float](), dict[int, float]()
    for study in studies:
        for k, of in values_in_order(study).items():
            by_seed[k] |= dict(zip(study.seeds(k), of, strict=True))
            seconds[k] = study.group_status(k).seconds / len(of)
        cost |= costs(study)
    if any(spec != specs[0] for spec in specs) or any(set(of) != set(range(len(of))) for of in by_seed.values()):
        raise SystemExit("the folders must be of one spec, but for its widths, and of the seeds 0, 1, 2, …")
    values = {k: np.array([by_seed[k][seed] for seed in sorted(by_seed[k])]) for k in sorted(by_seed)}
    return Runs(values, seconds, cost), studies[0].spec.tolerance


def answer(values: dict[int, np.ndarray], tolerance: float) -> int:
    means = {k: as_judged(v).mean() for k, v in values.items()}
    return min(k for k, mean in means.items() if mean <= (1 + tolerance) * min(means.values()))


def order(counts: dict[int, int], random: np.random.Generator) -> np.ndarray:
    """Of all seeds, at random among those that equally many widths have, these first."""
    ends = [0, *sorted(set(counts.values()))]
    return np.concatenate([low + random.permutation(high - low) for low, high in itertools.pairwise(ends)])


def play(runs: Runs, places: np.ndarray, tolerance: float, confidence: float) -> tuple[int | None, dict[int, int]]:
    """The width that is named, None if the runs at hand do not get so far, and how many of each were looked at."""
    ordered = {k: v[places[: len(v)]] for k, v in runs.values.items()}
    have = {k: min(FIRST, n) for k, n in runs.counts.items()}
    while True:
        values = {k: v[: have[k]] for k, v in ordered.items()}
        wanted = next_seeds(values, tolerance, confidence, runs.costs)
        more = {k: min(n, runs.counts[k]) for k, n in wanted.seeds.items()} if wanted else {}
        if all(n <= have[k] for k, n in more.items()):
            return standing(values, tolerance, confidence).named, have
        have |= {k: max(n, have[k]) for k, n in more.items()}


def fixed(runs: Runs, seeds: int, places: np.ndarray, tolerance: float, confidence: float) -> tuple[int, bool]:
    """What a grid of so many seeds each recommends, and whether no other width is left."""
    values = {k: v[places[: len(v)]][:seeds] for k, v in runs.values.items()}
    found = overgan.recommend(values, tolerance, confidence)
    return found.width, found.not_excluded == (found.width,)


def holds(values: np.ndarray, seeds: int) -> float:
    """How often Student's 95 % interval of so many seeds, drawn from these, holds the mean of all of them."""
    drawn = np.random.default_rng(0).choice(values, (4000, seeds))
    half = scipy.stats.t.isf(0.025, seeds - 1) * drawn.std(1, ddof=1) / np.sqrt(seeds)
    return float((np.abs(drawn.mean(1) - values.mean()) <= half).mean())


def describe(runs: Runs) -> None:
    """How runs of a width differ, and whether one seed is good or bad at all widths."""
    finite = {k: v[np.isfinite(v)] for k, v in runs.values.items()}
    print(
        "k: runs, diverged, mean, deviation / mean, skewness, excess kurtosis, how often Student's interval of 3, 5 "
        "and 10 seeds holds the mean, seconds a run"
    )
    for k, v in finite.items():
        n, shape = runs.counts[k], f"{scipy.stats.skew(v, bias=False):+.2f}, {scipy.stats.kurtosis(v, bias=False):+.2f}"
        spread = v.std(ddof=1) / v.mean()
        held = ", ".join(f"{holds(v, seeds):.0%}" for seeds in (3, 5, 10))
        print(f"{k}: {n}, {n - len(v)}, {v.mean():.4g}, {spread:.1%}, {shape}, {held}, {runs.seconds[k]:.2f}")
    found = []
    for a, b in itertools.combinations(runs.values, 2):
        n = min(len(runs.values[a]), len(runs.values[b]))
        x, y = runs.values[a][:n], runs.values[b][:n]
        both = np.isfinite(x) & np.isfinite(y)
        if both.sum() > 3:
            found.append((scipy.stats.spearmanr(x[both], y[both]).statistic, both.sum(), a, b))
    by_chance = np.sqrt(np.mean([1 / (n - 1) for _, n, *_ in found]))
    rho = np.array([of for of, *_ in found])
    neighbours = np.mean([of for of, _, a, b in found if b == 2 * a])
    print(
        f"rank correlation of the seeds of two widths, {len(found)} pairs: mean {rho.mean():+.2f}, of widths next to "
        f"each other {neighbours:+.2f}; root mean square {np.sqrt(np.mean(rho**2)):.2f}, by chance {by_chance:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--tolerance", type=float)
    given = parser.parse_args()
    runs, tolerance = joined(given.folders)
    tolerance = tolerance if given.tolerance is None else given.tolerance
    describe(runs)
    true, counts = answer(runs.values, tolerance), runs.counts
    most, least = max(counts.values()), min(counts.values())
    grid = runs.spent(dict.fromkeys(counts, most))
    print(f"by all runs, at a tolerance of {tolerance:.0%}: k = {true}")
    print(f"a grid of {most} seeds: {most * len(counts)} runs, {grid:,.0f} core-seconds")

    named, seeds = play(runs, np.arange(most), tolerance, given.confidence)
    of = runs.spent(seeds)
    print(f"in the order of the seeds: {named}, by {seeds}, {sum(seeds.values())} runs", end="")
    print(f", {of:,.0f} core-seconds, {of / grid:.0%} of the grid's")

    random = np.random.default_rng(0)
    orders = [order(counts, random) for _ in range(given.orders)]
    played = [play(runs, places, tolerance, given.confidence) for places in orders]
    names = Counter(name for name, _ in played)
    shares = ", ".join(f"{name} {n / len(played):.1%}" for name, n in names.most_common())
    print(f"in {given.orders} random orders: {shares} (None: it takes more runs than there are)")
    spent = np.array([(sum(seeds.values()), runs.spent(seeds)) for _, seeds in played])
    ran, seconds = np.median(spent, axis=0)
    print(f"median {ran:.0f} runs, {seconds:,.0f} core-seconds, {seconds / grid:.0%} of the grid's", end="")
    print(f"; at most {spent[:, 1].max() / grid:.0%}")
    for n in (n for n in (3, 5, 8, 12, 20, 30, 40) if n <= least):
        found = [fixed(runs, n, places, tolerance, given.confidence) for places in orders]
        hit, sure = np.mean([(width == true, width == true and alone) for width, alone in found], axis=0)
        of = runs.spent(dict.fromkeys(counts, n))
        print(f"a grid of {n} seeds recommends k = {true} in {hit:.1%}, in {sure:.1%} with no other width left", end="")
        print(f", for {of:,.0f} core-seconds, {of / grid:.0%}")


if __name__ == "__main__":
    main()
