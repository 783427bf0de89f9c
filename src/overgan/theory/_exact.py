"""The exact engine: lays the problem out for the compiled kernels, which say how it works."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
from jaxtyping import Float, Int64

from overgan.theory import _kernels as kernels
from overgan.theory._problem import ShallowGAN

Recorded = tuple[Float[np.ndarray, "kept m"], Float[np.ndarray, "kept m"], Float[np.ndarray, "kept *weights"]]
Iterates = tuple[Float[np.ndarray, " norms"], int, Float[np.ndarray, " m"], Float[np.ndarray, "*weights"], Recorded]


def iterate(
    problem: ShallowGAN,
    method: str,
    steps: int,
    mu: float,
    eta: float,
    critic_steps: int,
    stop_below: float,
    record: Int64[np.ndarray, " asked"],
) -> Iterates:
    """Norms of the residual, number of sign changes, last d and W, and the recorded residuals, d and W.

    stop_below: relative to the first residual; negative for all steps.
    """
    n, VT = len(problem.Z), np.ascontiguousarray(problem.V.T)
    Z = np.zeros((-(-n // kernels.TILE) * kernels.TILE, problem.Z.shape[1]))
    Z[:n] = problem.Z
    Z = np.ascontiguousarray(Z.reshape(-1, kernels.TILE, problem.Z.shape[1]).transpose(0, 2, 1))
    W, S = problem.W0.copy(), np.empty_like(problem.W0)
    (k, d), m = W.shape, len(problem.target)
    low, high, norms = np.empty(k), np.empty(k), np.empty(steps + 1)
    kept = np.empty((len(record), m)), np.empty((len(record), m)), np.empty((len(record), k, d))
    threads = numba.get_num_threads()
    bounds = [k * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:  # numba's own threads may not be used from several threads
        list(pool.map(lambda ends: kernels.renew_units(W, Z, n, eta, S, low, high, *ends), pairwise(bounds)))
    number = {"gda": kernels.GDA, "optimal": kernels.OPTIMAL, "alternating": kernels.ALTERNATING}[method]
    t, changes, recorded, disc = kernels.iterate(
        Z, n, VT, W, S, low, high, problem.target, number, critic_steps, mu, eta, stop_below, norms, record, *kept
    )
    kept_r, kept_d, kept_W = (array[:recorded] for array in kept)
    return norms[: t + 1], changes, disc, W, (kept_r, kept_d, kept_W)
