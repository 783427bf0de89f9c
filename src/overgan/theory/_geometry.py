"""f(W), its Jacobian and its Gram matrix, in blocks of units so that nothing is ever n × k."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

BLOCK = 1024  # units at a time


def mean_gradients(Z: Float[np.ndarray, "n d"], W: Float[np.ndarray, "k d"]) -> Float[np.ndarray, "k d"]:
    """s_l = (1/n) Σ_i 1[w_l·z_i ≥ 0] z_i: the only direction in which w_l moves."""
    s = np.empty(W.shape)
    for block in _blocks(len(W)):
        s[block] = (W[block] @ Z.T >= 0).astype(np.float64) @ Z / len(Z)
    return s


def generated_mean(
    Z: Float[np.ndarray, "n d"], V: Float[np.ndarray, "m k"], W: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, " m"]:
    """f(W) = (1/n) Σ_i V ReLU(W z_i) = V a with a_l = w_l·s_l."""
    f: np.ndarray = V @ (W * mean_gradients(Z, W)).sum(1)
    return f


def population_mean(
    sigma_z: float, V: Float[np.ndarray, "m k"], W: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, " m"]:
    """The mean of V ReLU(W z) over z ~ N(0, σz² I): V a with a_l = σz ‖w_l‖ / √(2π)."""
    mean: np.ndarray = V @ np.linalg.norm(W, axis=1) * (sigma_z / np.sqrt(2 * np.pi))
    return mean


def jacobian_gram(
    Z: Float[np.ndarray, "n d"], V: Float[np.ndarray, "m k"], W: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, "m m"]:
    """J Jᵀ = Σ_l ‖s_l‖² v_l v_lᵀ (eq. 34)."""
    s = mean_gradients(Z, W)
    gram: np.ndarray = (V * (s**2).sum(1)) @ V.T
    return gram


def _blocks(k: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, k, BLOCK))
