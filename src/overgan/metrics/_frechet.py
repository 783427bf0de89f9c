"""The Fréchet distance between Gaussians, the distance in FID (Heusel et al., 2017)."""

import numpy as np
import scipy.linalg
from jaxtyping import Float

# the mean, and a root R of the covariance RRᵀ with as many columns as its rank needs
Gaussian = tuple[Float[np.ndarray, " features"], Float[np.ndarray, "features _"]]


def frechet_distance(
    mean1: Float[np.ndarray, " features"],
    cov1: Float[np.ndarray, "features features"],
    mean2: Float[np.ndarray, " features"],
    cov2: Float[np.ndarray, "features features"],
) -> float:
    """‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½).

    Covariances are symmetric positive semidefinite and may be singular.
    """
    return gaussian_distance((mean1, _root(cov1)), (mean2, _root(cov2)))


def fit_gaussian(features: Float[np.ndarray, "images features"]) -> Gaussian:
    """Mean, and a root of the covariance (divided by images − 1), in float64. Needs at least 2 images."""
    features = features.astype(np.float64)
    mean = features.mean(0)
    deviations = (features - mean) / np.sqrt(len(features) - 1)
    few = len(features) < features.shape[1]  # then they are the smaller root
    return mean, deviations.T if few else _root(deviations.T @ deviations)


def gaussian_distance(first: Gaussian, second: Gaussian) -> float:
    """`frechet_distance` from roots: the eigenvalues of Σ₁Σ₂ are those of MᵀM, M = R₁ᵀR₂, which is symmetric."""
    (mean1, root1), (mean2, root2) = first, second
    cross = root1.T @ root2
    gram = cross @ cross.T if cross.shape[0] < cross.shape[1] else cross.T @ cross
    singular_values = np.sqrt(scipy.linalg.eigvalsh(gram).clip(0))
    return float(((mean1 - mean2) ** 2).sum() + (root1**2).sum() + (root2**2).sum() - 2 * singular_values.sum())


def _root(cov: Float[np.ndarray, "features features"]) -> Float[np.ndarray, "features features"]:
    try:
        root: np.ndarray = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:  # singular
        values, vectors = scipy.linalg.eigh(cov)
        root = vectors * np.sqrt(values.clip(0))
    return root
