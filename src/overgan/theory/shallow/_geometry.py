"""f(W), its Jacobian and its Gram matrix, in blocks of units so that nothing is ever n × k."""

import numpy as np
from jaxtyping import Float

from overgan.theory._problem import Point

BLOCK = 1024  # units at a time
Latents = Float[np.ndarray, "n d"]  # Z, a row each
Outer = Float[np.ndarray, "m k"]  # V
Inner = Float[np.ndarray, "k d"]  # W


def mean_gradients(Z: Latents, W: Inner) -> Inner:
    """s_l = (1/n) Σ_i 1[w_l·z_i ≥ 0] z_i: the only direction in which w_l moves."""
    s = np.empty(W.shape)
    for start in range(0, len(W), BLOCK):
        block = slice(start, start + BLOCK)
        s[block] = (W[block] @ Z.T >= 0).astype(np.float64) @ Z / len(Z)
    return s


def generated_mean(Z: Latents, V: Outer, W: Inner) -> Float[np.ndarray, " m"]:
    """f(W) = (1/n) Σ_i V ReLU(W z_i) = V a with a_l = w_l·s_l."""
    return mean_and_gradient(Z, V, W).f


def mean_and_gradient(Z: np.ndarray, V: np.ndarray, W: np.ndarray) -> Point:
    """f(W) = V a with a_l = w_l·s_l, and J(W)ᵀ g, whose rows are (v_l·g) s_l: what a dense step needs."""
    s = mean_gradients(Z, W)
    return Point(V @ (W * s).sum(1), lambda g: (V.T @ g)[:, None] * s)


def population_mean(sigma_z: float, V: Outer, W: Inner) -> Float[np.ndarray, " m"]:
    """The mean of V ReLU(W z) over z ~ N(0, σz² I): V a with a_l = σz ‖w_l‖ / √(2π)."""
    return np.asarray(V @ np.linalg.norm(W, axis=1) * (sigma_z / np.sqrt(2 * np.pi)))


def jacobian_gram(Z: Latents, V: Outer, W: Inner) -> Float[np.ndarray, "m m"]:
    """J Jᵀ = Σ_l ‖s_l‖² v_l v_lᵀ (eq. 34)."""
    return np.asarray((V * (mean_gradients(Z, W) ** 2).sum(1)) @ V.T)
