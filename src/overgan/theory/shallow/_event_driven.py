"""Event-driven GDA, the exact engine: lays the arrays out for the compiled kernels, whose page explains it."""

from functools import partial

import numpy as np
from jaxtyping import Float

from overgan.theory._problem import Iterates, Updates
from overgan.theory.shallow import _event_driven_kernels as kernels
from overgan.theory.shallow._geometry import Inner, Latents, Outer
from overgan.theory.shallow._threads import in_threads


def descend(Z: Latents, V: Outer, W0: Inner, target: Float[np.ndarray, " m"], updates: Updates) -> Iterates:
    """Take the steps of GDA from W_0 and d_0: from one change of a sign of w_l·z_i to the next, exactly."""
    method, steps, mu, eta, critic_steps, stop_below, record, d_0 = updates
    (n, (k, d)), m = (len(Z), W0.shape), len(target)
    # the latents in tiles, and each unit's signs and the interval in which they hold
    tiles = np.zeros((-(-n // kernels.TILE) * kernels.TILE, d))
    tiles[:n] = Z
    tiles = np.ascontiguousarray(tiles.reshape(-1, kernels.TILE, d).transpose(0, 2, 1))
    # VT is a copy: of one row or column it would be V itself, read-only, for which all is compiled once more
    W, S, VT, disc = W0.copy(), np.empty_like(W0), np.array(V.T, order="C"), d_0.copy()
    low, high, norms = np.empty(k), np.empty(k), np.empty(steps + 1)
    kept = np.empty((len(record), m)), np.empty((len(record), m)), np.empty((len(record), k, d))
    in_threads(partial(kernels.renew_units, W, tiles, n, eta, S, low, high), k)
    # the steps
    number = {"gda": kernels.GDA, "optimal": kernels.OPTIMAL, "alternating": kernels.ALTERNATING}[method]
    t, changes, recorded = kernels.iterate(
        tiles, n, VT, W, S, low, high, target, disc, number, critic_steps, mu, eta, stop_below, norms, record, kept
    )
    return Iterates(norms[: t + 1], changes, disc, W, *(array[:recorded] for array in kept))
