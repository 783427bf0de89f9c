"""The Fréchet distance between Gaussians, the distance in FID (Heusel et al., 2017)."""

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.linalg.blas import dtrmm

from overgan.metrics._gaussian import Gaussian, covariance_root
from overgan.metrics._label import FRECHET, IN_INCEPTION
from overgan.metrics._metric import Column, Metric, each_side


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
        return gaussian_distance((mean1, covariance_root(cov1)), (mean2, covariance_root(cov2)))
    product = dtrmm(1.0, lower, cov2.T.astype(np.float64), side=1, lower=1)
    product = dtrmm(1.0, lower, product, trans_a=1, lower=1, overwrite_b=1)
    return _distance(mean1 - mean2, float(np.trace(cov1) + np.trace(cov2)), product)


def gaussian_distance(first: Gaussian, second: Gaussian) -> float:
    """`frechet_distance` from roots: the eigenvalues of Σ₁Σ₂ are those of MᵀM, M = R₁ᵀR₂, which is symmetric."""
    (mean1, root1), (mean2, root2) = first, second
    cross = root1.T @ root2
    gram = cross @ cross.T if cross.shape[0] < cross.shape[1] else cross.T @ cross
    return _distance(mean1 - mean2, float((root1**2).sum() + (root2**2).sum()), gram)


def _distance(shift: Float[np.ndarray, " features"], traces: float, gram: Float[np.ndarray, "n n"]) -> float:
    """From the symmetric matrix with the eigenvalues of Σ₁Σ₂, which is overwritten."""
    eigenvalues = scipy.linalg.eigvalsh(gram, overwrite_a=True, check_finite=False)
    return float((shift**2).sum() + max(0.0, traces - 2 * np.sqrt(eigenvalues.clip(0)).sum()))


METRIC = Metric(
    "frechet",
    each_side(lambda generated, real: {"frechet": gaussian_distance(real.gaussian, generated.gaussian)}),
    (Column("frechet_{side}", FRECHET, IN_INCEPTION, less_is_better=True),),
    needs="moments",
)
