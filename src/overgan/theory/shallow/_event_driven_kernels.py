"""Event-driven GDA, compiled: its iterates without the n × k work of a step.

Between sign changes of w_l·z_i every unit moves along its own fixed s_l, by −η v_l·g at a step with discriminator
weights g. With q_l = v_l·(sum of all g so far), w_l is its last renewed value minus η (q_l − its q then) s_l, and its
signs change where q_l leaves an interval that is known when the unit is renewed. f moves by −η J Jᵀ g, exactly.

Which units can leave their interval soon is bounded as in molecular dynamics (Verlet, 1967): |Δq_l| ≤ ‖v_l‖ ‖ΔD‖, so
until the sum D of all g has moved by `radius`, only units whose slack / ‖v_l‖ is less than that are looked at.
"""

import math

import numba
import numpy as np

from overgan.theory._dense import BLOWN_UP, ROUNDED

GDA, OPTIMAL, ALTERNATING = 0, 1, 2  # of iterate, which takes no strings
TILE = 64  # latents that are looked at together: a whole number of vectors
MARGIN = 1e-12  # relative, by which intervals are narrowed: at their ends the signs are looked at again

# no ninf: infinite thresholds are meant
FAST = {"nnan", "nsz", "reassoc", "contract"}


# inlined: as a function of its own it would be optimized once for each caller, to other roundings, and which of those
# is called would depend on what was compiled and what was loaded from the cache
@numba.njit(cache=True, nogil=True, fastmath=FAST, inline="always")
def _renew(w, old_w, Z, n, eta, q, s, scratch):
    """The signs of a unit anew: s in place; the interval of q in which they hold, and how many changed since old_w.

    Z: latents in tiles, (tiles, d, TILE), those beyond n zero, which changes nothing. scratch: (tiles + 3, TILE).
    """
    tiles, d = Z.shape[:2]
    changed, lows, highs = scratch[tiles], scratch[tiles + 1], scratch[tiles + 2]
    # the inner products u = w·z, their changes of sign since old_w, and s, tile by tile
    before = lows
    changed[:] = 0.0
    s[:] = 0.0
    for tile in range(tiles):
        u = scratch[tile]
        for i in range(TILE):
            u[i] = 0.0
            before[i] = 0.0
        for j in range(d):
            for i in range(TILE):
                u[i] += w[j] * Z[tile, j, i]
                before[i] += old_w[j] * Z[tile, j, i]
        for i in range(TILE):
            changed[i] += 1.0 if (u[i] >= 0.0) != (before[i] >= 0.0) else 0.0
        for j in range(d):
            total = 0.0
            for i in range(TILE):
                total += Z[tile, j, i] if u[i] >= 0.0 else 0.0
            s[j] += total
    for j in range(d):
        s[j] /= n
    # the interval: the nearest step of q to either side at which an inner product becomes zero
    lows[:], highs[:] = -np.inf, np.inf
    slope = np.empty(TILE)
    for tile in range(tiles):
        u = scratch[tile]
        for i in range(TILE):
            slope[i] = 0.0
        for j in range(d):
            for i in range(TILE):
                slope[i] += s[j] * Z[tile, j, i]
        for i in range(TILE):
            # u − η Δq g changes its sign at Δq = u / (η g): ahead if the sign is that of g, else behind, never if g = 0
            at = u[i] / (slope[i] if slope[i] != 0.0 else 1.0)
            ahead = at if slope[i] != 0.0 and (u[i] >= 0.0) == (slope[i] > 0.0) else np.inf
            behind = at if slope[i] != 0.0 and (u[i] >= 0.0) == (slope[i] < 0.0) else -np.inf
            highs[i] = ahead if ahead < highs[i] else highs[i]
            lows[i] = behind if behind > lows[i] else lows[i]
    scale = (1 - MARGIN) / eta
    return q + lows.max() * scale, q + highs.min() * scale, int(changed.sum())


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def renew_units(W, Z, n, eta, S, low, high, first, last):
    """Fill S, low and high for the units first … last − 1 at their initial weights, where q is 0."""
    scratch = np.empty((len(Z) + 3, TILE))
    for unit in range(first, last):
        low[unit], high[unit], _ = _renew(W[unit], W[unit], Z, n, eta, 0.0, S[unit], scratch)


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def iterate(Z, n, VT, W, S, low, high, target, disc, method, critic_steps, mu, eta, stop_below, norms, record, records):
    """Step until norms is full, the residual is small enough, or it blew up. W, S, disc hold the final values."""
    kept_r, kept_d, kept_W = records
    k, m = VT.shape
    d_units = W.shape[1]
    steps = len(norms) - 1
    scratch, old_w = np.empty((len(Z) + 3, TILE)), np.empty(d_units)
    q_at = np.zeros(k)  # q of each unit when it was renewed
    v_norm = np.sqrt((VT * VT).sum(1))
    near = np.empty(k, np.int64)
    r, gram = np.zeros(m), np.empty((m, m))
    g, D, D_at = np.zeros(m), np.zeros(m), np.zeros(m)
    peak = np.inf
    size, enough, scale = 0.0, 0.0, math.sqrt((target * target).sum())
    radius, horizon, nears, changes, kept, renewals = -1.0, 8.0, 0, 0, 0, k

    for t in range(steps + 1):
        # r and D are sums: start them anew when r has fallen far below what its rounding errors come from, or after
        # as many renewals as there are units, which cost more than this does
        norms[t] = math.sqrt((r * r).sum())
        if renewals >= k or norms[t] < 0.1 * peak:
            renewals = 0
            r[:] = -target
            gram[:] = 0.0
            for unit in range(k):
                q = _weights(W[unit], W[unit], S[unit], VT[unit], D, q_at[unit], eta)
                low[unit] -= q
                high[unit] -= q
                q_at[unit] = 0.0
                _add_unit(r, gram, VT[unit], W[unit], S[unit], 1.0)
            D_at -= D
            D[:] = 0.0
            norms[t] = math.sqrt((r * r).sum())
            peak = norms[t]
        # record, and see whether the run ends here
        peak = max(peak, norms[t])
        if t == 0:
            size = math.hypot(norms[0], math.sqrt((disc * disc).sum()))
            enough = stop_below * norms[0] if norms[0] > 0.0 or size == 0.0 else -1.0
        if kept < len(record) and record[kept] == t:
            kept_r[kept], kept_d[kept] = r, disc
            for unit in range(k):
                _weights(kept_W[kept, unit], W[unit], S[unit], VT[unit], D, q_at[unit], eta)
            kept += 1
        if norms[t] <= enough or not norms[t] <= BLOWN_UP * max(size, 1e-100) or t == steps:
            break

        # both sides of a simultaneous step use the values at t
        if method == GDA:
            g[:] = disc
            disc[:] = (1 - mu) * disc + mu * r
        elif method == OPTIMAL:
            g[:] = r
            disc[:] = r
        else:
            for _ in range(critic_steps):
                disc[:] = (1 - mu) * disc + mu * r
            g[:] = disc
        # f moves by −η J Jᵀ g while no sign changes
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += gram[i, j] * g[j]
            r[i] -= eta * total
        D += g
        speed = math.sqrt((g * g).sum())
        counting = speed > ROUNDED * (size + scale)

        # which units to look at: those near the end of their interval, or all if D has moved too far to know them
        moved = 0.0
        for j in range(m):
            moved += (D[j] - D_at[j]) ** 2
        sweep = math.sqrt(moved) >= radius
        if sweep:
            horizon = min(max(horizon * math.sqrt((k + 1.0) / (horizon * nears + 1.0)), 2.0), 1e6)
            radius = horizon * speed
            D_at[:] = D
            nears = 0
        # units whose signs change: their share of f and of J Jᵀ is exchanged for the one with the new signs
        for index in range(k if sweep else nears):
            unit = index if sweep else near[index]
            q = 0.0
            for j in range(m):
                q += VT[unit, j] * D[j]
            if q <= low[unit] or q >= high[unit]:
                old_w[:] = W[unit]
                for j in range(d_units):
                    W[unit, j] -= eta * (q - q_at[unit]) * S[unit, j]
                _add_unit(r, gram, VT[unit], W[unit], S[unit], -1.0)
                low[unit], high[unit], changed = _renew(W[unit], old_w, Z, n, eta, q, S[unit], scratch)
                _add_unit(r, gram, VT[unit], W[unit], S[unit], 1.0)
                q_at[unit] = q
                changes += changed if counting else 0
                renewals += 1
            if sweep and min(q - low[unit], high[unit] - q) < radius * v_norm[unit]:
                near[nears] = unit
                nears += 1

    # the final weights
    for unit in range(k):
        _weights(W[unit], W[unit], S[unit], VT[unit], D, q_at[unit], eta)
    return t, changes, kept


@numba.njit(cache=True, nogil=True, inline="always")
def _weights(out, w, s, v, D, q_at, eta):
    """A unit's weights now, from those when it was renewed, into out; its q."""
    q = 0.0
    for j in range(len(v)):
        q += v[j] * D[j]
    for j in range(len(w)):
        out[j] = w[j] - eta * (q - q_at) * s[j]
    return q


@numba.njit(cache=True, nogil=True, inline="always")
def _add_unit(f, gram, v, w, s, sign):
    """Add a unit's share sign · v (w·s) to f and sign · ‖s‖² v vᵀ to J Jᵀ."""
    activation, square = 0.0, 0.0
    for j in range(len(w)):
        activation += w[j] * s[j]
        square += s[j] * s[j]
    for i in range(len(v)):
        f[i] += sign * activation * v[i]
        for j in range(len(v)):
            gram[i, j] += sign * square * v[i] * v[j]
