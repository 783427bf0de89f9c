"""FID∞ of Chong and Forsyth (2020): the Fréchet distance extrapolated to infinitely many generated images."""

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.metrics._gaussian import fit_gaussian
from overgan.metrics._metric import Column, Estimate, Metric, each_side
from overgan.metrics.distances._frechet import gaussian_distance

POINTS = 15  # samples of generated images
SMALLEST = 5_000 / 2048  # images of the smallest one, a feature: theirs has 5,000 images, of Inception's 2,048 features
GROUPS = 10  # of the jackknife, of at least 2 images
LEAST = 2 * GROUPS  # generated images


def frechet_infinity(
    generated: Float[np.ndarray, "images features"], real: Float[np.ndarray, "others features"], seed: int = 0
) -> Estimate:
    """The intercept a of a fit d(N) = a + b/N over random samples of N generated images, each against all real ones.

    It estimates the distance from the *distribution* of generated images to the real *images* at hand: what their
    finite number adds stays in it. `frechet_population` takes that away, too.

    As in the authors' code there are 15 samples, N being evenly spaced from a smallest one to all, and the fit is one
    of least squares. Their smallest N is 5,000; here it is as many for each feature, 2.44, or a tenth of the images if
    these are more. Below, d(N) bends away from the line; from there on it bends so little that of what is removed 3
    to 14 % were too much in simulations (benchmarks/metrics_extrapolation.py), which the error does not cover.

    The standard error, over draws of generated images against these real ones, is that of all images' distance, by a
    jackknife that leaves out a tenth at a time, and the fit's own, in quadrature. a can be negative.

    Raises ValueError if there are fewer than 20 generated images, 4.88 for each feature, or 2 real ones.
    """
    n, features = generated.shape
    needed = max(LEAST, METRIC.needed(features))
    check(n >= needed, "generated", f"of {n} images", f"of at least {needed} for {features} features")
    random, gaussian = np.random.default_rng(seed), fit_gaussian(real)

    def distance(chosen: np.ndarray) -> float:
        return gaussian_distance(fit_gaussian(generated[chosen]), gaussian)

    counts = np.linspace(max(2, SMALLEST * features, n / 10), n, POINTS).astype(int)
    distances = np.array([distance(random.permutation(n)[:count]) for count in counts])
    # least squares against 1/N
    design = np.stack([np.ones(POINTS), 1 / counts], 1)
    normal = np.linalg.inv(design.T @ design)
    solution = normal @ design.T @ distances
    residuals = distances - design @ solution
    fit_variance = (residuals**2).sum() / (POINTS - 2) * normal[0, 0]
    # (g − 1)/g Σ (θ₋ᵢ − mean)², with one of g groups left out
    groups = np.array_split(random.permutation(n), GROUPS)
    without = np.array([distance(np.concatenate(groups[:i] + groups[i + 1 :])) for i in range(GROUPS)])
    variance = (GROUPS - 1) * without.var()
    return Estimate(float(solution[0]), float(np.sqrt(variance + fit_variance)))


METRIC = Metric(
    "frechet_infinity",
    each_side(lambda generated, real: {"frechet_inf": frechet_infinity(generated.features, real.features)}),
    (
        Column(
            "frechet_inf_{side}",
            "Fréchet distance, infinitely many generated images",
            "FID∞",
            less_is_better=True,
        ),
    ),
    least=LEAST,
    per_feature=2 * SMALLEST,
)
