"""The compiled part of the bound on a ball: how far each s_l can change, and at what price (see `ball_bound`)."""

import math

import numba
import numpy as np

RATIO = 1.07  # between the movements that are told apart
FLOOR = 1e-5  # the least of them, relative to ‖w_l‖
BINS = 2 + int(math.log(1 / FLOOR) / math.log(RATIO))
LANES = 8  # of a vector
ROUNDING = 1e-14  # of w_l·z_i, relative to ‖w_l‖ ‖z_i‖

# no ninf: infinite prices are meant
FAST = {"nnan", "nsz", "reassoc", "contract"}


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def fill_shares(W, Z, norms, half, prices, v_squares, reach, shares, first, last):
    """shares[l, p] = max(0, max over movements ρ ≤ reach of b_l(ρ)² − prices[p] ρ²/‖v_l‖²) for l = first … last − 1.

    Z: latents that are not zero, (n, d); norms: of its rows; half: 1/(2 n) with the number of all latents.
    """
    n, d = Z.shape
    moments = _moments(Z, norms)
    sums, width = np.empty((BINS, moments.shape[1])), -(-d // LANES) * LANES
    full, square, fourth = np.zeros((d, width)), np.zeros((d, width)), np.zeros((d, width))
    total, start, best = np.empty((BINS, d)), np.empty(BINS), np.empty(len(prices))
    step = 1 / math.log(RATIO)
    for unit in range(first, last):
        sums[:], total[:], start[:], best[:] = 0.0, 0.0, np.inf, 0.0
        # each latent's moments and sign go to the bin of the movement that is needed to change its sign
        size = math.sqrt((W[unit] ** 2).sum())
        for i in range(n):
            inner = 0.0
            for j in range(d):
                inner += W[unit, j] * Z[i, j]
            needed = max(abs(inner) / norms[i] - ROUNDING * size, 0.0)
            within = needed <= FLOOR * size or size == 0.0  # the square of a tiny w may be 0
            at = 0 if within else min(1 + int(math.log(needed / (FLOOR * size)) * step), BINS - 1)
            start[at] = min(start[at], needed)
            for j in range(moments.shape[1]):
                sums[at, j] += moments[i, j]
            sign = -1.0 if inner >= 0 else 1.0
            for j in range(d):
                total[at, j] += sign * Z[i, j]
        # for each movement the bound b_l(ρ)² on the change of s_l by all latents within reach, at every price
        for at in range(BINS):
            if at > 0:
                sums[at] += sums[at - 1]
                total[at] += total[at - 1]
            if start[at] < np.inf and start[at] <= reach:
                turned = math.sqrt(sums[at, 0] * _top(sums[at], full, square, fourth))
                change = (half * (math.sqrt((total[at] ** 2).sum()) + turned)) ** 2
                cost = start[at] ** 2 / v_squares[unit]
                for p in range(len(prices)):
                    best[p] = max(best[p], change - prices[p] * cost)
        shares[unit] = best


# inlined, as all below: compiled as functions of their own, fresh ones have other roundings than cached ones
@numba.njit(cache=True, nogil=True, fastmath=FAST, inline="always")
def _moments(Z, norms):
    """For each latent ‖z_i‖ and the lower triangle of z_i z_iᵀ/‖z_i‖, row by row."""
    n, d = Z.shape
    moments = np.zeros((n, 1 + d * (d + 1) // 2))
    for i in range(n):
        moments[i, 0] = norms[i]
        at = 1
        for j in range(d):
            for o in range(j + 1):
                moments[i, at] = Z[i, j] * Z[i, o] / norms[i]
                at += 1
    return moments


@numba.njit(cache=True, nogil=True, fastmath=FAST, inline="always")
def _top(moments, full, square, fourth):
    """An upper bound on the largest eigenvalue of a sum of z_i z_iᵀ/‖z_i‖, by those of its fourth power.

    No eigenvalue of d exceeds their mean + √(d − 1) · their deviation (Wolkowicz and Styan, 1980). The last three hold
    intermediate results; their columns beyond d are zero.
    """
    d, trace, at = len(full), moments[0], 1  # tr z zᵀ/‖z‖ = ‖z‖
    for j in range(d):
        for o in range(j + 1):
            full[j, o] = moments[at] / trace
            full[o, j] = full[j, o]
            at += 1
    _multiply(full, square)
    _multiply(square, fourth)
    mean, mean_square = 0.0, 0.0
    for j in range(d):
        mean += fourth[j, j] / d
        for o in range(d):
            mean_square += fourth[j, o] ** 2 / d
    deviation = math.sqrt(max(mean_square - mean**2, 0.0) + 1e-13 * mean_square)
    return trace * math.sqrt(math.sqrt(mean + math.sqrt(d - 1.0) * deviation))


@numba.njit(cache=True, nogil=True, fastmath=FAST, inline="always")
def _multiply(a, out):
    """The square of a symmetric a."""
    d, width = a.shape
    for i in range(d):
        for j in range(width):
            out[i, j] = 0.0
        for o in range(d):
            for j in range(width):
                out[i, j] += a[i, o] * a[o, j]
