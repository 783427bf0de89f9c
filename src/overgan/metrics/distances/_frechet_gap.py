"""The Fréchet distance from held-out images less that from training images, and what another draw would change."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.metrics._gaussian import Gaussian, fit_gaussian
from overgan.metrics._metric import Column, Estimate, Metric, Setting, Values
from overgan.metrics._sample import Sample
from overgan.metrics.distances._frechet import gaussian_distance


def frechet_gap(
    generated: Gaussian,
    train: Float[np.ndarray, "images features"],
    test: Float[np.ndarray, "_ features"],
    draws: int = 10,
    *,
    seed: int = 0,
) -> Estimate:
    """The distance from held-out images less that from as many training images, with its standard error.

    If generated images depend on the training images no more than on the held-out ones, these can be exchanged, and the
    difference has the distribution that it has between the two halves of a random split of them all, of mean 0. The
    standard error is the root mean square over `draws` such splits: difference/error has Student's distribution with
    as many degrees of freedom. (Fisher's randomization test, whose quantiles are taken from ten draws instead of
    thousands.) Draws of either set alone would not do, as they share most of their images: their differences hardly
    vary while the whole set's is off.

    generated: mean and root of the covariance, of `fit_gaussian`.
    seed: of the splits. All generated images meet the same ones, so that their differences can be averaged.

    Raises ValueError if draws is below 1, or the sets differ in number or have fewer than 2 images.
    """
    check(draws >= 1, "draws", draws, "at least 1")
    check(len(test) == len(train), "test", f"of {len(test)} images", f"of as many as train, {len(train)}")

    def difference(train: np.ndarray, test: np.ndarray) -> float:
        to_train, to_test = (gaussian_distance(fit_gaussian(side), generated) for side in (train, test))
        return to_test - to_train

    real, random = np.concatenate([train, test]), np.random.default_rng(seed)
    splits = [np.split(random.permutation(len(real)), 2) for _ in range(draws)]
    squares = [difference(real[half], real[other]) ** 2 for half, other in splits]
    return Estimate(difference(train, test), float(np.sqrt(np.mean(squares))))


def _frechet_gap(generated: Sample, real: Mapping[str, Sample], setting: Setting) -> Values:
    gap = frechet_gap(generated.gaussian, real["train"].features, real["test"].features, setting.draws)
    return {"frechet_gap": gap, "frechet_gap_draws": setting.draws}


METRIC = Metric(
    "frechet_gap",
    _frechet_gap,
    (Column("frechet_gap", "Fréchet distance, test − train", "FID, test − train", sides=("test",)),),
    sides=("train", "test"),
    equally_many=True,
    settings=True,
)
