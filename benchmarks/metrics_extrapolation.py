"""Where extrapolated Fréchet distances may be believed: Gaussians of known distance, by images for each dimension.

python benchmarks/metrics_extrapolation.py [DIMENSIONS] [REPEATS] [SPECTRUM]

Beside each number of images: of what the distance has too much, the part that is left (0 is right, negative too low),
and the stated standard error divided by the deviation over the repeats. The real images are in any number there; the
first line is of one draw of ten images a dimension on each side. SPECTRUM: flat (all variances equal, the hardest),
geometric (1 to 0.01) or inverse (1/i).
"""

import sys

import numpy as np

from overgan.metrics import (
    METRICS,
    fit_gaussian,
    frechet_distance,
    frechet_infinity,
    frechet_population,
    gaussian_distance,
)

SPECTRA = {
    "flat": np.ones,
    "geometric": lambda d: np.geomspace(1, 0.01, d),
    "inverse": lambda d: 1 / np.arange(1, d + 1),
}
RATIOS = (3, 4, 4.9, 6, 8, 12, 25)


def main(dimensions: int = 64, repeats: int = 40, spectrum: str = "flat") -> None:
    random = np.random.default_rng(1)
    first = SPECTRA[spectrum](dimensions)
    second = first * np.exp(0.3 * random.standard_normal(dimensions))
    mean = 0.1 * np.sqrt(first) * random.standard_normal(dimensions)
    truth = (mean**2).sum() + ((np.sqrt(first) - np.sqrt(second)) ** 2).sum()
    population = (mean, np.diag(np.sqrt(second)))  # real images in any number
    print(f"{dimensions} dimensions, {spectrum} spectrum, truth {truth:.3g}, {repeats} repeats")
    n = 10 * dimensions
    x = np.sqrt(first) * random.standard_normal((n, dimensions))
    y = mean + np.sqrt(second) * random.standard_normal((n, dimensions))
    to_these = frechet_distance(np.zeros(dimensions), np.diag(first), y.mean(0), np.cov(y.T))
    print(
        f"{n} images a side: distance {gaussian_distance(fit_gaussian(x), fit_gaussian(y)):.3g}; to these real images "
        f"{to_these:.3g}, frechet_infinity {'{:.3g} ± {:.2g}'.format(*frechet_infinity(x, y))}; to their distribution "
        f"{truth:.3g}, frechet_population {'{:.3g} ± {:.2g}'.format(*frechet_population(x, y))}"
    )
    for ratio in RATIOS:
        n = int(np.ceil(ratio * dimensions))
        found: dict[str, list[tuple[float, float, float]]] = {"frechet_population": [], "frechet_infinity": []}
        for seed in range(repeats):
            x = np.sqrt(first) * random.standard_normal((n, dimensions))
            y = mean + np.sqrt(second) * random.standard_normal((n, dimensions))
            fits = fit_gaussian(x), fit_gaussian(y)
            found["frechet_population"].append((*frechet_population(x, y, seed), gaussian_distance(*fits)))
            if n >= METRICS["frechet_infinity"].needed(dimensions):
                # two images a direction have the population's mean and covariance
                steps = np.sqrt((2 * dimensions - 1) / 2) * population[1]
                real = np.concatenate([mean + steps, mean - steps])
                found["frechet_infinity"].append(
                    (*frechet_infinity(x, real, seed), gaussian_distance(fits[0], population))
                )
        for name, rows in found.items():
            if rows:
                values, errors, plain = np.array(rows).T
                left, spread = (values.mean() - truth) / (plain.mean() - truth), values.std(ddof=1)
                honesty = errors.mean() / spread
                print(
                    f"{ratio:4} images a dimension, {name:18}: distance {plain.mean():.3g}, extrapolated "
                    f"{values.mean():.3g} ± {spread:.2g}, left {left:+.1%}, error / deviation {honesty:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
