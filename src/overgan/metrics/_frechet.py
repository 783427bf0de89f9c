"""The Fréchet distance between Gaussians, the distance in FID (Heusel et al., 2017)."""

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.linalg.blas import dtrmm

# the mean, and a root R of the covariance RRᵀ with as many columns as its rank needs
Gaussian = tuple[Float[np.ndarray, " features"], Float[np.ndarray, "features _"]]


def frechet_distance(
    mean1: Float[np.ndarray, " features"],
    cov1: Float[np.ndarray, "features features"],
    mean2: Float[np.ndarray, " features"],
    cov2: Float[np.ndarray, "features features"],
) -> float:
    """‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½).

    Covariances are symmetric positive semidefinite and may be singular. Never negative, complex or NaN.

    Raises ValueError if a shape does not fit, a value is not finite, or a covariance is not symmetric.
    """
    for name, mean, cov in (("1", mean1, cov1), ("2", mean2, cov2)):
        if mean.shape != mean1.shape or cov.shape != (len(mean1), len(mean1)):
            raise ValueError(
                f"mean{name} has shape {mean.shape} and cov{name} {cov.shape}; all must have one dimension"
            )
        if not (np.isfinite(mean).all() and np.isfinite(cov).all()):
            raise ValueError(f"mean{name} or cov{name} has values that are not finite")
        if np.abs(cov - cov.T).max(initial=0) > 1e-5 * np.abs(cov).max(initial=0):
            raise ValueError(f"cov{name} is not symmetric")
    try:
        # with Σ₁ = LLᵀ the eigenvalues of Σ₁Σ₂ are those of LᵀΣ₂L, by two products with a triangle
        lower = scipy.linalg.cholesky(cov1.astype(np.float64), lower=True, check_finite=False)
    except np.linalg.LinAlgError:  # singular
        return gaussian_distance((mean1, _root(cov1)), (mean2, _root(cov2)))
    product = dtrmm(1.0, lower, cov2.T.astype(np.float64), side=1, lower=1)
    product = dtrmm(1.0, lower, product, trans_a=1, lower=1, overwrite_b=1)
    return _distance(mean1 - mean2, float(np.trace(cov1) + np.trace(cov2)), product)


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
        return self._mean, _root(self._scatter / (self._count - 1))

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


def gaussian_distance(first: Gaussian, second: Gaussian) -> float:
    """`frechet_distance` from roots: the eigenvalues of Σ₁Σ₂ are those of MᵀM, M = R₁ᵀR₂, which is symmetric."""
    (mean1, root1), (mean2, root2) = first, second
    cross = root1.T @ root2
    gram = cross @ cross.T if cross.shape[0] < cross.shape[1] else cross.T @ cross
    return _distance(mean1 - mean2, float((root1**2).sum() + (root2**2).sum()), gram)


def _distance(
    shift: Float[np.ndarray, " features"], traces: float, gram: Float[np.ndarray, "smaller smaller"]
) -> float:
    """From the symmetric matrix with the eigenvalues of Σ₁Σ₂, which is overwritten."""
    eigenvalues = scipy.linalg.eigvalsh(gram, overwrite_a=True, check_finite=False)
    return float((shift**2).sum() + max(0.0, traces - 2 * np.sqrt(eigenvalues.clip(0)).sum()))


def _root(cov: Float[np.ndarray, "features features"]) -> Float[np.ndarray, "features features"]:
    try:
        root: np.ndarray = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:  # singular
        values, vectors = scipy.linalg.eigh(cov)
        root = vectors * np.sqrt(values.clip(0))
    return root
