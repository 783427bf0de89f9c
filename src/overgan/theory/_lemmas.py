"""Lemmas A.2 and A.3, about the linearized GDA of any problem; those of the shallow GAN, A.6 to A.10, are with it.

Both speak of the blocks [[1, −ηs], [μ, 1 − μ]] into which the transition matrix falls, one for each eigenvalue s of
J_0 J_0ᵀ.
"""

import numpy as np
from jaxtyping import Float


def log_radii(s: Float[np.ndarray, " m"], mu: float, eta: float) -> Float[np.ndarray, " m"]:
    """Lemma A.2: log |λ| of each block's larger eigenvalue λ = 1 − μ/2 + √(μ²/4 − μηs), accurate where it is near 0.

    s: eigenvalues of J_0 J_0ᵀ, at least 0. mu, eta: step sizes of the discriminator and the generator.
    """
    product = mu * eta * s
    real = product <= mu**2 / 4
    below = product / (mu / 2 + np.sqrt(np.where(real, mu**2 / 4 - product, 0.0)))  # 1 − λ of real eigenvalues
    determinant = product - mu  # |λ|² − 1 of complex ones
    return np.where(real, np.log1p(-np.where(real, below, 0.0)), np.log1p(np.where(real, 0.0, determinant)) / 2)


def condition_numbers(q: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Lemma A.3: those of the blocks' eigenvector matrices, with q = ηs/μ; inf where two eigenvectors meet.

    The columns of the paper's matrix are (½ ∓ √(¼ − q), 1).
    """
    root = np.emath.sqrt(0.25 - q)
    top, ones = np.stack([0.5 - root, 0.5 + root], -1), np.ones((len(q), 2))
    sizes = np.linalg.svd(np.stack([top, ones], -2), compute_uv=False)
    with np.errstate(divide="ignore"):
        return np.asarray(sizes[:, 0] / sizes[:, 1])


def growth(q: float) -> float:
    """A sharper γ for Lemma A.3: √((1 + (1 − q)²)/(1 − 4q)) for the largest q = ηs/μ, inf if q ≥ ¼.

    It is the least constant with ‖Aᵗ‖ ≤ γ (1 − ηα²)ᵗ that the blocks C give, α² their least s. For real eigenvalues
    λ₂ < λ₁, Cᵗ = λ₁ᵗ (P + xᵗ (I − P)) with x = λ₂/λ₁ in [0, 1) and P the spectral projector of λ₁. The norm of
    P + y (I − P) is convex in y, so on [0, 1] it is at most the larger of ‖P‖ and ‖I‖ = 1, and ‖P‖ ≥ 1.
    P = (C − λ₂)/(λ₁ − λ₂) has rank one, so ‖P‖² is its sum of squares, (1 + (1 − q)²)/(1 − 4q). It is attained as
    t → ∞, grows with q, and is at most 1.88 under the theorem's μ/η ≥ 8β², where the paper has 5 and the condition
    number is at most 3.62.
    """
    return float(np.sqrt((1 + (1 - q) ** 2) / (1 - 4 * q))) if q < 0.25 else np.inf
