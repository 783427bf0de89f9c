"""FID∞: the Fréchet distance extrapolated to infinitely many images (Chong and Forsyth, 2020)."""

import numpy as np
from jaxtyping import Float

from overgan.metrics._gaussian import fit_gaussian
from overgan.metrics._metric import Column, Estimate, Metric, each_side
from overgan.metrics.distances._frechet import gaussian_distance

SPLITS = (1, 2, 3, 4, 5)  # of the images into disjoint parts; 15 distances in all, as many as Chong and Forsyth take
LEAST = 2 * SPLITS[-1]  # images a side


def fid_infinity(
    generated: Float[np.ndarray, "images features"], real: Float[np.ndarray, "images features"], seed: int = 0
) -> Estimate:
    """The intercept a of a fit FID(N) = a + b/N, both sides having N images, so that neither side's number biases it.

    Each N = n, n/2, … n/5 uses all images, in disjoint random parts whose distances are averaged. What the mean of p
    parts fluctuates by itself has a variance in proportion to p, so the fit weighs it by 1/p. The fluctuation of a with
    the draw of the images is, to first order, common to all N: it is the sum of the images' influences. Its standard
    deviation is that of the parts, scaled by √(N/n), pooled over N. The standard error adds the fit's own in
    quadrature. It can be negative.

    Raises ValueError if a side has fewer than 10 images or the sides differ in number.
    """
    n = len(generated)
    if len(real) != n or n < LEAST:
        raise ValueError(
            f"{n} generated and {len(real)} real images; as many on both sides are needed, at least {LEAST}"
        )
    random = np.random.default_rng(seed)
    orders = [random.permutation(n), random.permutation(n)]
    means, variances = [], 0.0
    for count in SPLITS:
        parts = zip(*(np.array_split(order, count) for order in orders), strict=True)
        distances = np.array(
            [gaussian_distance(fit_gaussian(generated[ours]), fit_gaussian(real[theirs])) for ours, theirs in parts]
        )
        means.append(distances.mean())
        variances += ((distances - distances.mean()) ** 2).sum() / count  # N/n = 1/count
    # weighted least squares of the means against 1/N
    splits = np.array(SPLITS)
    design = np.stack([np.ones(len(SPLITS)), splits / n], 1)
    weight = 1 / splits
    normal = np.linalg.inv(design.T @ (weight[:, None] * design))
    solution = normal @ design.T @ (weight * np.array(means))
    residuals = np.array(means) - design @ solution
    fit_variance = (weight * residuals**2).sum() / (len(SPLITS) - 2) * normal[0, 0]
    return Estimate(float(solution[0]), float(np.sqrt(variances / (splits - 1).sum() + fit_variance)))


METRIC = Metric(
    "fid_infinity",
    each_side(lambda generated, real: {"fid_infinity": fid_infinity(generated.features, real.features)}),
    (Column("fid_infinity_{side}", "Fréchet distance, infinitely many images", "FID∞", less_is_better=True),),
    least=LEAST,
    equally_many=True,
)
