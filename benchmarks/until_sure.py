"""How often a study that stops when it is sure names the right width, and what that costs beside a fixed grid.

python benchmarks/until_sure.py [STUDIES] [--kinds flat …] [--confidence 0.8]
                                                   2,000 of each kind by default, under five minutes on two free cores
python benchmarks/until_sure.py tests              the tests of one pair alone, three of them compared, a minute
python benchmarks/until_sure.py looks              how often looks mislead that follow each other, seconds
python benchmarks/until_sure.py rates              the error where widths are judged at the best of several rates
python benchmarks/until_sure.py probabilities      how often the width is right that is said to be so with a probability

A study begins with three seeds at each of eight widths, and is trained further as `next_seeds` says until a width is
named or what it takes has 384 already. The fixed grid has the same number of seeds at every width; it is judged by
the rule as it reads (the narrowest width whose mean is within 5 % of the least), by the estimate of `recommend`, by
whether that excludes all other widths, and, growing until it is sure, by the tests of the race. A run costs as many
units as its width has parameters.
"""

import argparse
import functools
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy

from overgan.study.analysis import _means, as_judged, next_seeds, probabilities, standing
from overgan.study.analysis._pairs import LOOKS, critical

TOLERANCE, CONFIDENCE, CAP, LARGEST, CHUNK = 0.05, 0.95, 384, 768, 125
LEVEL_OF_ONE = 0.0033  # that one of 8 widths is enough: 0.05 × 0.8 × 2/3 × 7/8 / 7
PARAMETERS = {2: 403, 4: 757, 8: 1513, 16: 3217, 32: 7393, 64: 18817, 128: 53953, 256: 173377}  # of the quickstart
WIDTHS = np.array([*PARAMETERS])
COST = np.array([*PARAMETERS.values()])
NUMBERS = np.unique(np.round(1.1 ** np.arange(11, 90)).astype(int))  # of seeds in a fixed grid: 3 … 4,830
LEVEL = (8, 4, 2.2, 1.4, 1.12, 1.02, 1, 1)


@dataclass(frozen=True)
class Kind:
    """Of studies: what finished runs are at each width."""

    means: tuple[float, ...]
    deviations: tuple[float, ...] | float = 0.05  # in proportion to the mean
    noise: str = "normal"
    correlation: float = 0.0  # of the runs of one seed at two widths
    diverging: tuple[float, ...] | float = 0.0  # share of the runs

    @property
    def truth(self) -> int:
        """The place of the right width; a diverged run is one twice as far away."""
        means = np.array(self.means) * (1 + np.broadcast_to(self.diverging, 8))
        return int((means <= (1 + TOLERANCE) * means.min()).argmax())

    def draw(self, studies: int, random: np.random.Generator, runs: int = CAP) -> np.ndarray:
        """(studies, widths, runs); inf diverged."""
        shape = (studies, 8, runs)
        if self.noise == "heavy":
            noise = random.standard_t(3, shape) / np.sqrt(3)
        elif self.noise == "skewed":
            noise = (np.exp(random.standard_normal(shape) - 0.5) - 1) / np.sqrt(np.e - 1)
        else:
            common = random.standard_normal((studies, 1, runs))
            own = random.standard_normal(shape)
            noise = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
        means = np.array(self.means, float)[:, None]
        values = means * (1 + np.broadcast_to(self.deviations, 8)[:, None] * noise)
        return np.where(random.random(shape) < np.broadcast_to(self.diverging, 8)[:, None], np.inf, values)


KINDS = {
    "flat": Kind((1,) * 8),
    "falling to the end": Kind((8, 4.6, 2.8, 1.9, 1.5, 1.25, 1.12, 1)),
    "levels off": Kind(LEVEL),
    "levels off, 10 % noise": Kind(LEVEL, 0.1),
    "U-shaped": Kind((3, 1.6, 1.2, 1, 1.03, 1.15, 1.3, 1.5)),
    "a hair within the tolerance": Kind((8, 4, 2, 1.3, 1.049, 1, 1, 1)),
    "a hair above the tolerance": Kind((8, 4, 2, 1.3, 1.051, 1, 1, 1)),
    "heavy-tailed seeds": Kind(LEVEL, noise="heavy"),
    "skewed seeds": Kind(LEVEL, noise="skewed"),
    "unequal variances": Kind(LEVEL, (0.4, 0.3, 0.2, 0.1, 0.07, 0.05, 0.03, 0.03)),
    "diverging runs": Kind(LEVEL, diverging=(0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0, 0)),
    "diverging rarely": Kind((8, 4, 2, 1.3, 1, 1, 1, 1), diverging=(0.5, 0.3, 0.2, 0.1, 0.08, 0, 0, 0)),
    "diverging rarely, elsewhere never": Kind((8, 4, 2, 1.3, 1, 1, 1, 1), diverging=(0, 0, 0, 0, 0.08, 0, 0, 0)),
    "correlated seeds": Kind(LEVEL, correlation=0.7),
    "the quickstart's": Kind(
        (80.55, 15.294, 8.107, 6.450, 3.838, 2.484, 2.256, 2.678),
        (0.266, 0.371, 0.162, 0.075, 0.143, 0.094, 0.136, 0.130),
    ),
}


def race(values: np.ndarray) -> tuple[int, np.ndarray]:
    """The place of the width that is named, −1 if none is, and the runs of each width."""
    costs = dict(zip(WIDTHS.tolist(), COST.tolist(), strict=True))
    runs = dict.fromkeys(costs, 3)
    while True:
        found = {k: of[: runs[k]] for k, of in zip(costs, values, strict=True)}
        wanted = next_seeds(found, TOLERANCE, CONFIDENCE, costs)
        more = {} if wanted is None else {k: n for k, of in wanted.seeds.items() if (n := min(of, CAP)) > runs[k]}
        if not more:
            named = standing(found, TOLERANCE, CONFIDENCE).named
            return -1 if named is None else int(np.searchsorted(WIDTHS, named)), np.array([*runs.values()])
        runs |= more


def chunk(name: str, studies: int, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of some studies: the place that is named, the runs of each width, and the widths' means by CAP runs."""
    values = KINDS[name].draw(studies, np.random.default_rng([list(KINDS).index(name), number]))
    raced = [race(of) for of in values]
    return np.array([place for place, _ in raced]), np.array([runs for _, runs in raced]), means(values)


def means(values: np.ndarray) -> np.ndarray:
    """(studies, widths) of (studies, widths, runs), diverged ones counted in."""
    diverged = np.isinf(values)
    finished = (~diverged).sum(2)
    share = diverged.mean(2)
    return np.where(diverged, 0, values).sum(2) / np.maximum(finished, 1) * (1 + share)


def by_the_rule(of: np.ndarray) -> np.ndarray:
    """Places of the narrowest widths whose mean is within the tolerance of the least."""
    return (of <= (1 + TOLERANCE) * of.min(1, keepdims=True)).argmax(1)


def grid_by_the_rule(kind: Kind, wide: np.ndarray) -> np.ndarray:
    """The share of studies in which a fixed grid is right, by NUMBERS. wide: the means of CAP runs, for larger ones."""
    random = np.random.default_rng(1)
    values = kind.draw(2000, random)
    spread = np.cov(wide.T) * CAP
    truth = np.array(kind.means) * (1 + np.broadcast_to(kind.diverging, 8))
    shares = []
    for n in NUMBERS:
        of = means(values[:, :, :n]) if n <= CAP else random.multivariate_normal(truth, spread / n, 20_000)
        shares.append((by_the_rule(of) == kind.truth).mean())
    return np.array(shares)


def grid_by_recommend(kind: Kind, share: float, studies: int = 100) -> tuple[int | None, int | None]:
    """The least numbers of seeds by which `recommend` is right in 95 % of studies, and is sure in a share of them.

    That is, by which it names the right width, and by which it excludes all others.
    """
    _means.DRAWS = 400
    values = kind.draw(studies, np.random.default_rng(2), LARGEST)

    @functools.cache
    def shares(n: int) -> tuple[float, float]:
        found = [_means.decide([as_judged(v[:n]) for v in of], TOLERANCE, CONFIDENCE) for of in values]
        right = np.array([one.place == kind.truth for one in found])
        alone = np.array([one.not_excluded.sum() == 1 for one in found])
        return float(right.mean()), float((right & alone).mean())

    numbers = NUMBERS[NUMBERS <= LARGEST]
    return least(lambda n: shares(n)[0] >= CONFIDENCE, numbers), least(lambda n: shares(n)[1] >= share, numbers)


def grid_that_grows(kind: Kind, studies: int = 200) -> int | None:
    """The median over studies of the seeds at every width by which `standing` names one, if all widths grow alike."""
    values = kind.draw(studies, np.random.default_rng(3), LARGEST)
    numbers = LOOKS[LOOKS <= LARGEST]

    def named(of: np.ndarray, n: int) -> bool:
        return standing(dict(zip(WIDTHS.tolist(), of[:, :n], strict=True)), TOLERANCE, CONFIDENCE).named is not None

    found = [least(functools.partial(named, of), numbers) or np.inf for of in values]
    middle = np.median(found)
    return int(middle) if np.isfinite(middle) else None


def least(holds, numbers: np.ndarray) -> int | None:
    """By bisection."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(int(numbers[middle])) else (middle + 1, high)
    return int(numbers[low]) if low < len(numbers) else None


def row(name: str, places: np.ndarray, runs: np.ndarray, wide: np.ndarray) -> str:
    """A line of the table."""
    kind = KINDS[name]
    named = places >= 0
    right = (places == kind.truth)[named].mean() if named.any() else np.nan
    shares = grid_by_the_rule(kind, wide)

    def by_the_rule_to(share: float) -> int | None:
        reached = np.flatnonzero(np.minimum.accumulate(shares[::-1])[::-1] >= share)
        return int(NUMBERS[reached[0]]) if len(reached) else None

    estimate, sure = grid_by_recommend(kind, min(named.mean(), CONFIDENCE))
    sure = sure if named.mean() > 0.5 else None
    total, paid = runs.sum(1), runs @ COST
    cells = [
        name,
        f"{100 * named.mean():.1f}",
        f"{100 * right:.2f}",
        f"{np.median(total):.0f} ({total.mean():.0f})",
    ]
    for n in (by_the_rule_to(CONFIDENCE), estimate, by_the_rule_to(right), sure, grid_that_grows(kind)):
        ratios = f"{np.median(total) / (8 * n):.2f}, {np.median(paid) / (COST.sum() * n):.2f}" if n else "–"
        cells += [f"{n or 'more'}: {ratios}"]
    return "| " + " | ".join(cells) + " |"


def simulate(studies: int, kinds: list[str]) -> None:
    """The table of all kinds."""
    print("seeds of a grid, and by what the race's median of runs, and of cost, is a multiple of its")
    print("| kind | named | right | runs, median (mean) | 95 % by the rule | 95 % by recommend | ", end="")
    print("as often | as sure | growing |")
    with ProcessPoolExecutor(2) as pool:
        chunks = {
            name: [pool.submit(chunk, name, min(CHUNK, studies - at), at) for at in range(0, studies, CHUNK)]
            for name in kinds
        }
        rows = []
        for name, of in chunks.items():
            parts = [np.concatenate(part) for part in zip(*(one.result() for one in of), strict=True)]
            rows.append(pool.submit(row, name, *parts))
        for line in rows:
            print(line.result(), flush=True)


def shown_at(gap: float, correlation: float, studies: int) -> dict[str, np.ndarray]:
    """By test: the runs after which one width is shown to be below another, or the most and one more.

    gap: of their means, in standard deviations of a run.
    """
    random = np.random.default_rng(4)
    numbers = LOOKS[LOOKS <= 768]
    common = np.sqrt(correlation) * random.standard_normal((studies, 1, numbers[-1]))
    x, y = np.moveaxis(common + np.sqrt(1 - correlation) * random.standard_normal((studies, 2, numbers[-1])), 1, 0)
    y += gap
    bounds, of_each = critical(np.array(LEVEL_OF_ONE)), critical(np.array(LEVEL_OF_ONE / 2))
    found = {name: np.full(studies, numbers[-1] + 1) for name in ("matched", "Welch", "mixture", "intervals")}
    for place, n in reversed([*enumerate(numbers)]):
        d = (y - x)[:, :n]
        own = np.stack([x[:, :n].var(1, ddof=1), y[:, :n].var(1, ddof=1)]) / n
        t = d.mean(1) / np.sqrt(d.var(1, ddof=1) / n)
        freedom = own.sum(0) ** 2 / (own**2).sum(0) * (n - 1)
        level = scipy.stats.t.sf(bounds[place], n - 1)
        shown = {
            "matched": t > bounds[place],
            "Welch": d.mean(1) / np.sqrt(own.sum(0)) > scipy.stats.t.isf(level, freedom),
            "mixture": log_mixture(t, int(n)) > -np.log(LEVEL_OF_ONE),
            "intervals": d.mean(1) > of_each[place] * np.sqrt(own).sum(0),
        }
        for name, of in shown.items():
            found[name][of] = n
    return found


def log_mixture(t: np.ndarray, n: int, precision: float = 3.0) -> np.ndarray:
    """Log of a supermartingale if the mean of D is at most 0 (Lai, 1976; Wang and Ramdas, 2023, with one side of it).

    The likelihood ratio of t for effects with a half-normal prior of variance 1/precision against none.
    """
    total = np.sqrt(n) * t  # of D, with a variance of 1
    squares = n - 1 + total**2 / n
    left = squares - total**2 / (n + precision)
    above = scipy.stats.t.logcdf(total / np.sqrt(left * (n + precision) / n), n)
    return np.log(precision / (n + precision)) / 2 + n / 2 * np.log(squares / left) + np.log(2) + above


def compare_tests() -> None:
    """Errors of several tests of one pair, and the runs that they take."""
    print("| correlation, gap | matched | Welch | mixture | intervals |")
    for correlation in (0.0, 0.7):
        errors = shown_at(0.0, correlation, 20_000)
        print(
            f"| {correlation}, none: shown, % | "
            + " | ".join(f"{100 * (n <= 768).mean():.2f}" for n in errors.values())
        )
        for gap in (0.25, 0.5, 1.0, 2.0, 4.0):
            runs = shown_at(gap, correlation, 2000)
            print(f"| {correlation}, {gap} | " + " | ".join(f"{n.mean():.1f}" for n in runs.values()), flush=True)


def misleading(level: float, paths: int = 40_000) -> float:
    """The probability that any look at a pair at the border exceeds its bound for a level.

    It is the sum of the looks' levels times the mean of 1/(how many looks exceed theirs), where one that does is drawn
    in proportion to its level, and then the runs before and after it: few paths do for any level.
    """
    random = np.random.default_rng(6)
    bounds = critical(np.array(level))
    levels = scipy.stats.t.sf(bounds, LOOKS - 1)
    at = random.choice(len(LOOKS), paths, p=levels / levels.sum())
    n, runs = LOOKS[at], np.diff(LOOKS, prepend=0)
    t = scipy.stats.t.isf(levels[at] * random.random(paths), n - 1)
    squares = random.chisquare(n)  # of all runs up to this look; t says only in which direction they lie
    mean = t / np.sqrt(t**2 + n - 1) * np.sqrt(squares / n)
    sums = random.standard_normal((paths, len(LOOKS))) * np.sqrt(runs)  # of the runs between looks
    around = np.where(runs > 1, random.chisquare(np.maximum(runs - 1, 1), sums.shape), 0)  # their mean, in squares
    before = np.arange(len(LOOKS)) <= at[:, None]
    apart = sums - runs * (np.where(before, sums, 0).sum(1) / n)[:, None]
    scale = np.sqrt((squares - n * mean**2) / np.where(before, apart**2 / runs + around, 0).sum(1))[:, None]
    sums = np.where(before, scale * apart + runs * mean[:, None], sums)
    around = np.where(before, scale**2 * around, around)
    total = sums.cumsum(1)
    variances = ((sums**2 / runs + around).cumsum(1) - total**2 / LOOKS) / (LOOKS - 1)
    exceed = total > bounds * np.sqrt(LOOKS * variances)
    exceed[np.arange(paths), at] = True
    return float(levels.sum() * (1 / exceed.sum(1)).mean())


def check_looks() -> None:
    """What the looks' levels add up to, and the probability that any misleads, by the level allowed."""
    for level in (0.5, 0.2, *(10.0**-power for power in range(1, 13))):
        levels = scipy.stats.t.sf(critical(np.array(level)), LOOKS - 1)
        print(f"{level:g}: the sum {levels.sum():.3g}, any {misleading(level):.3g}")


def calibration(kinds: list[str], studies: int = 400) -> None:
    """Of studies in which a width has a probability in some range: how often it is the right one."""
    said, right = [], []
    for number, name in enumerate(kinds):
        values = KINDS[name].draw(studies, np.random.default_rng([5, number]))
        for study, of in enumerate(values):
            runs = (3, 5, 10, 20, 40)[study % 5]
            found = probabilities(dict(enumerate(of[:, :runs])), TOLERANCE)
            said += found.values()
            right += [place == KINDS[name].truth for place in found]
    said, right = np.array(said), np.array(right)
    for low, high in (
        (0, 0.05),
        (0.05, 0.2),
        (0.2, 0.4),
        (0.4, 0.6),
        (0.6, 0.8),
        (0.8, 0.9),
        (0.9, 0.95),
        (0.95, 1.01),
    ):
        of = (said >= low) & (said < high)
        rates = f"said {100 * said[of].mean():.0f} %, right {100 * right[of].mean():.0f} %"
        print(f"{low}–{min(high, 1)}: {of.sum()} widths, {rates}")


def several_rates(studies: int = 3000, runs: int = 48) -> None:
    """The share of studies that are wrong at the border of two widths, each judged at what is its best rate so far.

    All rates are equal, so that the best one is the luckiest.
    """
    for of_narrow, of_wide in ((1, 1), (3, 1), (1, 3), (5, 1), (1, 5)):
        wrong = {2: 0, 8: 0}
        for border in (1 + 1e-9, 1 - 1e-9):  # k = 2 is just not enough, or just enough
            random = np.random.default_rng([of_narrow, of_wide])
            for _ in range(studies):
                narrow = border * (1 + TOLERANCE) * (1 + 0.05 * random.standard_normal((of_narrow, runs)))
                wide = 1 + 0.05 * random.standard_normal((of_wide, runs))
                found = None
                for n in LOOKS[runs >= LOOKS]:
                    values = {k: of[of[:, :n].mean(1).argmin(), :n] for k, of in ((2, narrow), (8, wide))}
                    found = found or standing(values, TOLERANCE, CONFIDENCE).named
                wrong_one = 2 if border > 1 else 8
                wrong[wrong_one] += wrong_one == found
        shares = ", ".join(f"k = {k} in {100 * count / studies:.1f} %" for k, count in wrong.items())
        print(f"learning rates at k = 2: {of_narrow}, at k = 8: {of_wide}; wrongly named {shares}")


def main() -> None:
    global CONFIDENCE  # workers are forked with it
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", default="2000")
    parser.add_argument("--confidence", type=float, default=CONFIDENCE)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS])
    given = parser.parse_args()
    CONFIDENCE = given.confidence
    if given.what == "tests":
        compare_tests()
    elif given.what == "looks":
        check_looks()
    elif given.what == "rates":
        several_rates()
    elif given.what == "probabilities":
        calibration(given.kinds)
    else:
        simulate(int(given.what), given.kinds)


if __name__ == "__main__":
    main()
