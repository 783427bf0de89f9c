"""The Fréchet distance between two distributions: extrapolated to infinitely many images on both sides."""

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.metrics._gaussian import fit_gaussian
from overgan.metrics._metric import Column, Estimate, Metric, each_side
from overgan.metrics.distances._frechet import gaussian_distance

MOST_PARTS, LEAST_PARTS = 5, 3  # that the images are split into; 15 distances in all with 5
LEAST = 2 * MOST_PARTS  # images a side


def frechet_population(
    generated: Float[np.ndarray, "images features"], real: Float[np.ndarray, "others features"], seed: int = 0
) -> Estimate:
    """The intercept a of a fit d(N) = a + b/N, both sides having N images, so that neither side's number biases it.

    It estimates the distance between the two *distributions*; `frechet_infinity`, that of Chong and Forsyth (2020), is
    the distance from the generated distribution to the real *images* at hand.

    Each N = n, n/2, … n/5 uses all images, in disjoint random parts whose distances are averaged. Parts with fewer
    images than features have singular covariances and do not lie on the line, so N is at least the number of features,
    and n at least three times that. What the mean of p parts fluctuates by itself has a variance in proportion to p, so
    the fit weighs it by 1/p.

    The fluctuation of a with the draw of the images is, to first order, common to all N: it is the sum of the images'
    influences. Its standard deviation is that of the parts, scaled by √(N/n), pooled over N. The standard error, over
    draws of both sides, adds the fit's own in quadrature. a can be negative.

    Raises ValueError if the sides differ in number or have fewer than 10 images or 3 for each feature.
    """
    n, features = generated.shape
    check(len(real) == n, "real", f"of {len(real)} images", f"of as many as generated, {n}")
    needed = max(LEAST, METRIC.needed(features))
    check(n >= needed, "generated", f"of {n} images", f"of at least {needed} for {features} features")
    random = np.random.default_rng(seed)
    orders = [random.permutation(n), random.permutation(n)]
    splits = np.arange(1, min(MOST_PARTS, n // features) + 1)
    means, variances = [], 0.0
    for count in splits:
        parts = zip(*(np.array_split(order, count) for order in orders), strict=True)
        distances = np.array(
            [gaussian_distance(fit_gaussian(generated[ours]), fit_gaussian(real[theirs])) for ours, theirs in parts]
        )
        means.append(distances.mean())
        variances += ((distances - distances.mean()) ** 2).sum() / count  # N/n = 1/count
    # weighted least squares of the means against 1/N
    design = np.stack([np.ones(len(splits)), splits / n], 1)
    weight = 1 / splits
    normal = np.linalg.inv(design.T @ (weight[:, None] * design))
    solution = normal @ design.T @ (weight * np.array(means))
    residuals = np.array(means) - design @ solution
    fit_variance = (weight * residuals**2).sum() / (len(splits) - 2) * normal[0, 0]
    return Estimate(float(solution[0]), float(np.sqrt(variances / (splits - 1).sum() + fit_variance)))


METRIC = Metric(
    "frechet_population",
    each_side(lambda generated, real: {"frechet_population": frechet_population(generated.features, real.features)}),
    (
        Column(
            "frechet_population_{side}",
            "Fréchet distance of the distributions",
            "population FID",
            note="infinitely many images on both sides",
            less_is_better=True,
        ),
    ),
    least=LEAST,
    per_feature=LEAST_PARTS,
    equally_many=True,
)
