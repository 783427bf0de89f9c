"""How often the recommended interval holds the true answer, and the recommended width is right, in simulated studies.

python benchmarks/recommend_coverage.py [STUDIES]    400 a cell by default, about 10 minutes of a free core

Beside each figure is that of the percentile bootstrap over seeds, which `recommend` was before: the rule "the narrowest
width whose mean is within 5 % of the least mean" applied to 2,000 resamples. Noise is normal, lognormal ("skewed"), or
lognormal with a deviation that falls fourfold from the narrowest width to the widest ("uneven").
"""

import sys

import numpy as np

from overgan import recommend

TOLERANCE, RESAMPLES = 0.05, 2000
PLATEAU3, PLATEAU7 = (8, 4, 2, 1.4, 1, 1, 1), (8, 4, 2, 1, 1, 1, 1, 1, 1, 1)
WORSE7 = (8, 4, 2, 1.04, 1, 1, 1, 1, 1, 1)
CASES = {  # name: means by width, standard deviation of a run relative to the mean, noise
    "3-width plateau": (PLATEAU3, 0.1, "normal"),
    "3-width plateau, 20 %": (PLATEAU3, 0.2, "normal"),
    "7-width plateau": (PLATEAU7, 0.1, "normal"),
    "7-width plateau, 20 %": (PLATEAU7, 0.2, "normal"),
    "first of plateau 4 % worse": (WORSE7, 0.1, "normal"),
    "first of plateau 4 % worse, 20 %": (WORSE7, 0.2, "normal"),
    "the same, skewed": (WORSE7, 0.2, "skewed"),
    "the same, uneven": (WORSE7, 0.2, "uneven"),
    "4 % worse, one noisy": (WORSE7, (0.05,) * 3 + (0.5,) + (0.05,) * 6, "normal"),
    "4 % worse, one noisy on the plateau": (WORSE7, (0.05,) * 6 + (0.5,) + (0.05,) * 3, "normal"),
    "4 % worse, noise 3 to 50 %, growing": (WORSE7, tuple(np.geomspace(0.03, 0.5, 10)), "normal"),
    "three 6 % above": ((4, 1.06, 1.06, 1.06, 1, 1, 1), 0.1, "normal"),
    "slow fall": ((2, 1.7, 1.45, 1.25, 1.15, 1.08, 1.04, 1), 0.1, "normal"),
    "slow fall, uneven": ((2, 1.7, 1.45, 1.25, 1.15, 1.08, 1.04, 1), 0.2, "uneven"),
    "fall to the end, 15 %": ((8, 4, 2, 1.5, 1.2, 1), 0.15, "normal"),
    "down and up": ((3, 1.5, 1.1, 1, 1.03, 1.1, 1.2), 0.1, "normal"),
    "narrowest is best": ((1, 1.02, 1.1, 1.3, 1.5), 0.1, "normal"),
    "all equal, 15 %": ((1, 1, 1, 1, 1, 1, 1, 1), 0.15, "normal"),
    "2 % noise": ((8, 4, 2, 1.2, 1.06, 1.04, 1, 1), 0.02, "normal"),
    "two widths": ((1.3, 1), 0.1, "skewed"),
}


def draw(
    means: np.ndarray, deviation: float | tuple[float, ...], noise: str, seeds: int, random: np.random.Generator
) -> np.ndarray:
    """(widths, seeds), with those means."""
    normal = random.standard_normal((len(means), seeds))
    if noise == "normal":
        return means[:, None] * (1 + np.broadcast_to(deviation, len(means))[:, None] * normal)
    scale = np.geomspace(2, 0.5, len(means))[:, None] * deviation if noise == "uneven" else deviation
    return means[:, None] * np.exp(scale * normal - scale**2 / 2)


def bootstrap(values: np.ndarray, random: np.random.Generator) -> tuple[int, int, int]:
    """Its interval and point, as places."""
    chosen = random.integers(values.shape[1], size=(RESAMPLES, *values.shape))
    means = np.take_along_axis(values[None], chosen, 2).mean(2)
    places = (means <= (1 + TOLERANCE) * means.min(1, keepdims=True)).argmax(1)
    low, high = np.quantile(places, [0.025, 0.975], method="inverted_cdf")
    mean = values.mean(1)
    return int(low), int(high), int((mean <= (1 + TOLERANCE) * mean.min()).argmax())


def cell(case: str, seeds: int, studies: int) -> np.ndarray:
    """Covered, right, too wide, too narrow, widths left; then covered, right and too wide by the bootstrap."""
    means, deviation, noise = CASES[case]
    means = np.array(means, float)
    truth = int((means <= (1 + TOLERANCE) * means.min()).argmax())
    random = np.random.default_rng([list(CASES).index(case), seeds])
    total = np.zeros(8)
    for _ in range(studies):
        values = draw(means, deviation, noise, seeds, random)
        found = recommend(dict(enumerate(values, 1)), TOLERANCE)
        place, (low, high) = found.width - 1, found.interval
        ours = (low - 1 <= truth <= high - 1, place == truth, place > truth, place < truth, len(found.not_excluded))
        first, last, old = bootstrap(values, random)
        total += (*ours, first <= truth <= last, old == truth, old > truth)
    return total / studies


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("covered, right, too wide, too narrow, widths not excluded | bootstrap: covered, right, too wide")
    worst, worst_before = 1.0, 1.0
    for case in CASES:
        for seeds in (3, 5, 10, 20):
            found = cell(case, seeds, studies)
            worst, worst_before = min(worst, found[0]), min(worst_before, found[5])
            ours, before = " ".join(f"{x:.2f}" for x in found[:5]), " ".join(f"{x:.2f}" for x in found[5:])
            print(f"{case}, {seeds} seeds: {ours} | {before}", flush=True)
    print(f"least coverage {worst:.3f}, of the bootstrap {worst_before:.3f}")


if __name__ == "__main__":
    main()
