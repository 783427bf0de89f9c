"""Mean and covariance of features."""

import numpy as np
import scipy.linalg
from jaxtyping import Float

# the mean, and a root R of the covariance RRᵀ with as many columns as its rank needs
Gaussian = tuple[Float[np.ndarray, " features"], Float[np.ndarray, "features _"]]


class GaussianFit:
    """Mean and covariance (divided by images − 1) of features that come in batches, in float64 and constant memory.

    Batches are merged as in Chan, Golub and LeVeque (1983). As many images as there are features are held back: if
    no more come, their deviations from the mean are the smaller root.
    """

    def __init__(self) -> None:
        self._count = self._held = 0
        self._batches: list[np.ndarray] = []
        self._mean, self._scatter = np.zeros(()), np.zeros(())

    def add(self, features: Float[np.ndarray, "images features"]) -> None:
        """Some more images."""
        self._batches.append(features.astype(np.float64))
        self._held += len(features)
        if self._held > features.shape[1]:
            self._merge()

    def gaussian(self) -> Gaussian:
        """The mean, and a root of the covariance. Raises ValueError if there are fewer than 2 images."""
        if self._count + self._held < 2:
            raise ValueError(f"{self._count + self._held} images; at least 2 have a covariance")
        if not self._count:
            features = np.concatenate(self._batches)
            mean = features.mean(0)
            return mean, (features - mean).T / np.sqrt(len(features) - 1)
        if self._held:
            self._merge()
        return self._mean, covariance_root(self._scatter / (self._count - 1))

    def _merge(self) -> None:
        features = np.concatenate(self._batches)
        mean = features.mean(0)
        deviations = features - mean
        shift, total = mean - self._mean, self._count + self._held
        self._scatter = (
            self._scatter
            + deviations.T @ deviations
            + np.multiply.outer(shift, shift) * (self._count * self._held / total)
        )
        self._mean = self._mean + shift * (self._held / total)
        self._batches, self._held, self._count = [], 0, total


def fit_gaussian(features: Float[np.ndarray, "images features"]) -> Gaussian:
    """Mean, and a root of the covariance, of features that fit in memory. Raises ValueError for fewer than 2 images."""
    fit = GaussianFit()
    fit.add(features)
    return fit.gaussian()


def covariance_root(cov: Float[np.ndarray, "features features"]) -> Float[np.ndarray, "features features"]:
    """A root R of a covariance RRᵀ, which may be singular."""
    try:
        root: np.ndarray = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:  # singular
        values, vectors = scipy.linalg.eigh(cov)
        root = vectors * np.sqrt(values.clip(0))
    return root
