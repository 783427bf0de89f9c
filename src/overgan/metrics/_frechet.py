"""The Fréchet distance between Gaussians, the distance in FID (Heusel et al., 2017)."""

import numpy as np
import scipy.linalg
from jaxtyping import Float

Moments = tuple[Float[np.ndarray, " features"], Float[np.ndarray, "features features"]]


def moments(features: Float[np.ndarray, "images features"]) -> Moments:
    """Mean and covariance (divided by images − 1) in float64. Needs at least 2 images."""
    features = features.astype(np.float64)
    return features.mean(0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_distance(
    mean1: Float[np.ndarray, " features"],
    cov1: Float[np.ndarray, "features features"],
    mean2: Float[np.ndarray, " features"],
    cov2: Float[np.ndarray, "features features"],
) -> float:
    """‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½).

    Covariances are symmetric positive semidefinite and may be singular. With Σ₁ = LLᵀ, Σ₁Σ₂ has the eigenvalues of
    the symmetric LᵀΣ₂L, so that no square root of a matrix that is not symmetric is needed.
    """
    try:
        root = np.linalg.cholesky(cov1)
    except np.linalg.LinAlgError:  # singular
        values, vectors = scipy.linalg.eigh(cov1)
        root = vectors * np.sqrt(values.clip(0))
    eigenvalues = scipy.linalg.eigvalsh(root.T @ cov2 @ root)
    cross = np.sqrt(eigenvalues.clip(0)).sum()
    return float(((mean1 - mean2) ** 2).sum() + np.trace(cov1) + np.trace(cov2) - 2 * cross)
