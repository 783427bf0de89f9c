"""How often each claim's interval holds the truth, and its verdict is right, in simulated studies whose truth is known.

python benchmarks/claims_coverage.py [STUDIES]    200 a cell by default, about two minutes of a free core

A line for each kind of study, with 3, 5 and 10 seeds a width: in how many percent the interval holds the truth, and in
how many the verdict is right, wrong (the opposite), or "cannot tell". Runs of a width differ by normal noise of 10 %.

python benchmarks/claims_coverage.py draws    how much another draw of the real images changes the memorized share

A claim is added by a line in CASES for each truth: its name, the verdict that is right, and a function of the number of
seeds and a random generator to the verdict of one study and whether its interval holds the truth.
"""

import math
import sys
from collections.abc import Callable
from itertools import product

import numpy as np
from scipy.spatial import cKDTree
from sklearn.datasets import load_digits

from overgan.study import Verdict
from overgan.study.analysis import (
    Draws,
    Kendall,
    best_change,
    best_verdict,
    common_target,
    copied,
    doubling_verdict,
    exponent,
    gap_growth,
    growth_verdict,
    iterations_to,
    kendall,
    last_doubling,
    mean_level,
    variation,
    verdict,
)
from overgan.study.gan.claims import half_error, lazy_verdict

SEEDS, TOLERANCE, SPREAD = (3, 5, 10), 0.05, 0.1  # the last of a run, relative to the mean of its width
WIDTHS = 2 ** np.arange(1, 9)
PLATEAU = np.array([8, 4, 2, 1, 1, 1, 1, 1.0])
FALLING = 8 * 0.75 ** np.arange(8)
RISING = 1.1 ** np.arange(8)
UP_AGAIN = np.array([8, 4, 2, 1, 1, 1, 1, 1.4])
FLAT = np.ones(8)
FOR_TRUTH = 300  # studies, whose mean τ is taken for the truth
EVALUATED = np.arange(50.0, 1001, 50)  # iterations of the evaluations of a run

Random = np.random.Generator
Outcome = tuple[Verdict, bool]
Case = Callable[[int, Random], Outcome]


def runs(means: np.ndarray, seeds: int, random: Random, spread: float = SPREAD) -> dict[int, np.ndarray]:
    """The values of each width's runs."""
    values = means[:, None] * np.maximum(1 + spread * random.standard_normal((len(means), seeds)), 0.05)
    return dict(zip(WIDTHS.tolist(), values, strict=True))


def quality(means: np.ndarray, spread: float = SPREAD) -> Case:
    """The change from the narrowest width to the best of the wider ones."""

    def simulate(seeds: int, random: Random) -> Outcome:
        found = best_change(runs(means, seeds, random, spread), TOLERANCE)
        return best_verdict(found, TOLERANCE), found.low <= means[1:].min() / means[0] - 1 <= found.high

    return simulate


def saturation(means: np.ndarray, spread: float = SPREAD) -> Case:
    """The change of the last doubling."""

    def simulate(seeds: int, random: Random) -> Outcome:
        found = last_doubling(runs(means, seeds, random, spread), TOLERANCE)
        return doubling_verdict(found, TOLERANCE), found.low <= means[-1] / means[-2] - 1 <= found.high

    return simulate


def generalization(offset: float, growth: float, draw: float, likeness: float, spread: float = 0.02) -> Case:
    """A gap that grows in a line over log k, beside an offset, both in parts of the distance at the widest width.

    draw: how much another draw of the real images changes gaps, relative to the distance of a width; likeness: the
    correlation of these changes between any two widths, or, below 0, −ρ of widths a factor of 2 apart, and ρ^i of those
    2^i apart. Runs differ in their gaps by 2 % of the distance of the width.
    """
    apart = np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    alike = (-likeness) ** apart if likeness < 0 else np.where(apart > 0, likeness, 1.0)
    root = np.linalg.cholesky(alike + 1e-9 * np.eye(8))
    gaps = PLATEAU[-1] * (offset + growth * np.linspace(0, 1, len(WIDTHS)))

    def simulate(seeds: int, random: Random) -> Outcome:
        shared = root @ random.standard_normal(8)
        train = runs(PLATEAU, seeds, random)
        own = spread * random.standard_normal((8, seeds))
        errors = draw * PLATEAU * np.sqrt(random.chisquare(10, 8) / 10)  # of ten splits
        test = {
            k: train[k] + gap + mean * (draw * all_runs + of_run)
            for k, gap, mean, all_runs, of_run in zip(train, gaps, PLATEAU, shared, own, strict=True)
        }
        draws = Draws(dict(zip(train, errors.tolist(), strict=True)), 10)
        found = gap_growth(train, test, draws, TOLERANCE)
        return growth_verdict(found, TOLERANCE), found.low <= growth / (1 + offset + growth) <= found.high

    return simulate


def memorization(kind: float, copies: float, images: int) -> Case:
    """The share nearer to training images, of which so many at the widest width are copies, at half of it half as many.

    kind: what held-out images of another kind add to the share at every width.
    """
    of_copies = copies * np.array([0, 0, 0, 0, 0, 0, 0.5, 1])
    truth = (1 + of_copies) / 2 + kind * (1 - of_copies)

    def simulate(seeds: int, random: Random) -> Outcome:
        draw = random.standard_normal() / (2 * math.sqrt(images))
        shares = random.binomial(images, np.clip(truth[:, None] + draw, 0, 1), (8, seeds)) / images
        found = copied(dict(zip(WIDTHS.tolist(), shares, strict=True)), images)
        return found.verdict, found.widest.low <= truth[-1] <= found.widest.high

    return simulate


def courses(times: np.ndarray, spread: np.ndarray, random: Random, seeds: int) -> np.ndarray:
    """Curves that fall from 100 to 1 with a time of decay by width, noisy by a share; (widths, seeds, evaluations)."""
    level = 1 + 99 * np.exp(-EVALUATED / times[:, None])
    own = 0.05 * random.standard_normal((8, seeds, 1)) + spread[:, None, None] * random.standard_normal((8, seeds, 20))
    return level[:, None] * np.exp(own)


def of_runs(per_run: Callable[[np.ndarray], float], curves: np.ndarray, diverging: float, random: Random) -> Kendall:
    """Kendall's τ of the width with a number of each run's curve; infinite of one that diverged."""
    values = np.array([[per_run(curve) for curve in of] for of in curves])
    values[random.random(values.shape) < diverging] = math.inf
    found = kendall(np.repeat(WIDTHS, values.shape[1]).astype(float), values.ravel())
    if found is None:
        raise ValueError("all runs are the same")
    return found


def by_kendall(claim: Callable[[int, Random], list[Kendall]]) -> Case:
    """A claim that something falls with the width, by its first τ, whose truth is the mean of other studies."""
    truths: dict[int, float] = {}

    def simulate(seeds: int, random: Random) -> Outcome:
        if seeds not in truths:
            truths[seeds] = float(np.mean([claim(seeds, random)[0].tau for _ in range(FOR_TRUTH)]))
        first, *others = claim(seeds, random)
        return verdict(first, others, -1), first.low <= truths[seeds] <= first.high

    return simulate


def convergence(power: float, diverging: float = 0.0) -> Case:
    """Times of decay that go as this power of k."""
    times = 200 * (WIDTHS / 16.0) ** power

    def claim(seeds: int, random: Random) -> list[Kendall]:
        curves = courses(times, np.full(8, 0.02), random, seeds)
        target = common_target(curves[:, :, -1].ravel().tolist())
        per_run = (lambda y: iterations_to(EVALUATED, y, target), lambda y: mean_level(EVALUATED, y))
        return [of_runs(of, curves, diverging, random) for of in per_run]

    return by_kendall(claim)


def stability(power: float, diverging: float = 0.0) -> Case:
    """Noise of an evaluation that goes as this power of k."""
    spread = 0.05 * (WIDTHS / 16.0) ** power

    def claim(seeds: int, random: Random) -> list[Kendall]:
        curves = courses(np.full(8, 100.0), spread, random, seeds)
        return [of_runs(lambda y: variation(EVALUATED, y)[0], curves, diverging, random)]

    return by_kendall(claim)


def laziness(powers: tuple[float, float], bend: float = 0.0) -> Case:
    """Distances from initialization that go as powers of k, of both networks, but for a bend of each width's own."""

    def simulate(seeds: int, random: Random) -> Outcome:
        means = {of: WIDTHS**power * np.exp(bend * random.standard_normal(8)) for of, power in enumerate(powers)}
        moved = {str(of): runs(mean, seeds, random) for of, mean in means.items()}
        fitted, surer = (
            {of: law for of, values in moved.items() if (law := exponent(values, confidence))}
            for confidence in (0.95, half_error(0.95))
        )
        return lazy_verdict(fitted, surer), fitted["0"].low <= powers[0] <= fitted["0"].high

    return simulate


CASES: dict[str, tuple[Verdict, Case]] = {
    "quality: falls, then level": ("supports", quality(PLATEAU)),
    "quality: falls to the end": ("supports", quality(FALLING)),
    "quality: rises": ("contradicts", quality(RISING)),
    "quality: level, noise alone": ("contradicts", quality(FLAT)),
    "quality: level, 2 % noise": ("contradicts", quality(FLAT, 0.02)),
    "saturation: falls, then level": ("supports", saturation(PLATEAU)),
    "saturation: falls, then level, 2 % noise": ("supports", saturation(PLATEAU, 0.02)),
    "saturation: falls to the end": ("contradicts", saturation(FALLING)),
    "saturation: up again": ("contradicts", saturation(UP_AGAIN)),
    "saturation: level, noise alone": ("supports", saturation(FLAT)),
    "generalization: no gap": ("supports", generalization(0, 0, 0.01, 0.5)),
    "generalization: held-out images of another kind": ("supports", generalization(0.3, 0, 0.01, 1)),
    "generalization: grows by 30 %": ("contradicts", generalization(0, 0.3, 0.01, 0)),
    "generalization: no gap, few images": ("supports", generalization(0, 0, 0.1, 1)),
    "generalization: grows by 30 %, few images": ("contradicts", generalization(0, 0.3, 0.1, 0)),
    "generalization: no gap, neighbours alike": ("supports", generalization(0, 0, 0.02, -0.7)),
    "memorization: nothing": ("supports", memorization(0, 0, 10_000)),
    "memorization: held-out images of another kind": ("supports", memorization(0.1, 0, 10_000)),
    "memorization: 40 % copies": ("contradicts", memorization(0, 0.4, 10_000)),
    "memorization: nothing, 300 images": ("supports", memorization(0, 0, 300)),
    "memorization: 40 % copies, 300 images": ("contradicts", memorization(0, 0.4, 300)),
    "convergence: twice as fast from 2 to 256": ("supports", convergence(-1 / 7)),
    "convergence: 10 % faster from 2 to 256": ("supports", convergence(-1 / 50)),
    "convergence: as fast at every width": ("cannot tell", convergence(0)),
    "convergence: as fast, 10 % of runs diverge": ("cannot tell", convergence(0, 0.1)),
    "convergence: half as fast": ("contradicts", convergence(1 / 7)),
    "stability: half the variation": ("supports", stability(-1 / 7)),
    "stability: as much": ("cannot tell", stability(0)),
    "stability: as much, 10 % of runs diverge": ("cannot tell", stability(0, 0.1)),
    "stability: twice the variation": ("contradicts", stability(1 / 7)),
    "laziness: both as k^-0.5": ("supports", laziness((-0.5, -0.5))),
    "laziness: both as k^-0.5, bent by 20 %": ("supports", laziness((-0.5, -0.5), 0.2)),
    "laziness: half-way": ("cannot tell", laziness((-0.25, -0.25))),
    "laziness: the generator alone": ("contradicts", laziness((-0.5, 0))),
    "laziness: neither, bent by 20 %": ("contradicts", laziness((0, 0), 0.2)),
}


def simulated(case: str, seeds: int, studies: int) -> tuple[float, float, float, float]:
    """Shares of studies: the interval holds the truth; the verdict is right; it is wrong; it is that none can tell."""
    right, simulate = CASES[case]
    random = np.random.default_rng([*case.encode(), seeds])
    verdicts, held = zip(*(simulate(seeds, random) for _ in range(studies)), strict=True)
    is_right = verdicts.count(right) / studies
    unknown = verdicts.count("cannot tell") / studies if right != "cannot tell" else 0.0
    return float(np.mean(held)), is_right, 1 - is_right - unknown, unknown


def draws() -> None:
    """The deviation of the share nearer to training images over random splits of the real ones, times 2√n."""
    random = np.random.default_rng(0)
    digits = random.permutation(load_digits().data)
    for dimension, n, together in product((2, 16, 64), (300, 1000), (1, 5)):
        points = random.standard_normal((2 * n + together * n, dimension))
        found = _over_splits(*np.split(points, [2 * n]))
        print(f"normal, {dimension} dimensions, {n} images, {together} runs: {found:.2f}")
    for kept in (1.0, 0.1):  # of the digits that the others imitate: few are a generator that makes the same again
        of = digits[600:][random.integers(int(kept * len(digits[600:])), size=1500)]
        generated = of + 2 * random.standard_normal(of.shape)
        print(f"digits, {kept:.0%} imitated, 300 images, 5 runs: {_over_splits(digits[:600], generated):.2f}")


def _over_splits(real: np.ndarray, generated: np.ndarray) -> float:
    n, random = len(real) // 2, np.random.default_rng(0)
    cells = np.bincount(cKDTree(real).query(generated)[1], minlength=2 * n) / len(generated)
    return float(2 * np.sqrt(n) * np.std([cells[random.permutation(2 * n)[:n]].sum() for _ in range(400)]))


def main() -> None:
    if sys.argv[1:] == ["draws"]:
        draws()
        return
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| study; right verdict | holds the truth, % | right, % | wrong, % | cannot tell, % |\n|---|---|---|---|---|")
    for case, (right, _) in CASES.items():
        by_seeds = [simulated(case, seeds, studies) for seeds in SEEDS]
        cells = [", ".join(f"{100 * share:.0f}" for share in shares) for shares in zip(*by_seeds, strict=True)]
        print(f"| {case}; {right} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
