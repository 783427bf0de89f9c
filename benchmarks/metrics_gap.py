"""How often "test is above train" is said, by random splits and by ten draws of each side; and on real images.

python benchmarks/metrics_gap.py           simulated features, 64 dimensions, 360 images a set: about five minutes
python benchmarks/metrics_gap.py FOLDER    real images, a folder as data.root=FOLDER takes it with 20,000 training and
                                           10,000 held-out images or more, in random features: about three minutes

Simulated: 1,000 times, of sets that can be exchanged (generated images good, poor, or all with heavy tails) and of
noisy copies of as many or of four times as many training images as are compared, the share of "above" or "below",
which should be 5 % of the first three. Ten draws: halves of the training and of the held-out images, whose mean
difference is held to be known to their standard deviation divided by √10.
"""

import sys
from collections.abc import Callable

import numpy as np
import scipy.stats

from overgan.data import DataConfig, load_images
from overgan.metrics import Estimate, feature_space, fit_gaussian, frechet_gap, gaussian_distance

REPETITIONS, DRAWS = 1_000, 10
IMAGES, SCALE = 360, np.geomspace(1, 0.05, 64)
REAL = 10_000

Sets = tuple[np.ndarray, np.ndarray, np.ndarray]  # generated, train, test


def normal(random: np.random.Generator, n: int = IMAGES) -> np.ndarray:
    return random.standard_normal((n, len(SCALE))) * SCALE


def good(random: np.random.Generator) -> Sets:
    return normal(random), normal(random), normal(random)


def poor(random: np.random.Generator) -> Sets:
    return 0.7 * normal(random) + 0.5 * SCALE, normal(random), normal(random)


def heavy_tails(random: np.random.Generator) -> Sets:
    generated, train, test = random.standard_t(4, (3, IMAGES, len(SCALE))) * SCALE
    return 0.8 * generated + 0.3 * SCALE, train, test


def copies(random: np.random.Generator, of: int = 1) -> Sets:
    train = normal(random, of * IMAGES)
    return train[random.integers(len(train), size=IMAGES)] + 0.3 * normal(random), train[:IMAGES], normal(random)


def copies_of_four_times_as_many(random: np.random.Generator) -> Sets:
    return copies(random, 4)


def ten_draws(generated: np.ndarray, train: np.ndarray, test: np.ndarray, random: np.random.Generator) -> float:
    gaussian = fit_gaussian(generated)

    def distance(side: np.ndarray) -> float:
        return gaussian_distance(fit_gaussian(side[random.permutation(IMAGES)[: IMAGES // 2]]), gaussian)

    differences = [distance(test) - distance(train) for _ in range(DRAWS)]
    return float(np.mean(differences) / np.std(differences, ddof=1) * np.sqrt(DRAWS))


def shares(case: Callable[[np.random.Generator], Sets]) -> str:
    splits, draws = [], []
    for seed in range(REPETITIONS):
        random = np.random.default_rng(seed)
        generated, train, test = case(random)
        gap = frechet_gap(fit_gaussian(generated), train, test, DRAWS)
        splits.append(abs(gap.value / gap.error) > scipy.stats.t.isf(0.025, DRAWS))
        draws.append(abs(ten_draws(generated, train, test, random)) > scipy.stats.t.isf(0.025, DRAWS - 1))
    return f"random splits {np.mean(splits):.1%}, ten draws {np.mean(draws):.1%}"


def real_images(folder: str) -> None:
    images = load_images(DataConfig(name="folder", root=folder))
    space, random = feature_space("random", images.shape), np.random.default_rng(0)
    train, test = (
        np.concatenate([space.embed(side[i : i + 256]) for i in range(0, len(side), 256)])[
            random.permutation(len(side))
        ]
        for side in (images.train, images.test)
    )
    unseen, others, test = train[:REAL], train[REAL:], test[:REAL]

    def said(gap: Estimate) -> str:
        return f"{gap.value:.4f} ± {gap.error:.4f}"

    gaussian = fit_gaussian(unseen)
    for n in sorted({2_000, 5_000, REAL, len(others)}):
        print(
            f"{REAL:,} unseen from {n:,} training images: {gaussian_distance(fit_gaussian(others[:n]), gaussian):.4f}"
        )
    print(f"from {REAL:,} held-out ones: {gaussian_distance(fit_gaussian(test), gaussian):.4f}")
    print("test − train:", said(frechet_gap(gaussian, others[:REAL], test)))
    copied = fit_gaussian(np.concatenate([unseen[: REAL // 2], others[: REAL // 2]]))
    print("half of them copied from the training images:", said(frechet_gap(copied, others[:REAL], test)))


def main() -> None:
    if len(sys.argv) > 1:
        real_images(sys.argv[1])
        return
    for case in (good, poor, heavy_tails, copies, copies_of_four_times_as_many):
        print(f"{case.__name__.replace('_', ' ')}: {shares(case)}", flush=True)


if __name__ == "__main__":
    main()
