"""The exact engine: the iterates of GDA without the n × k work of a step.

Between sign changes of w_l·z_i every unit moves along its own fixed s_l, by −η v_l·g at a step with discriminator
weights g. With q_l = v_l·(sum of all g so far), w_l is its last renewed value minus η (q_l − its q then) s_l, and its
signs change where q_l leaves an interval that is known when the unit is renewed. f moves by −η J Jᵀ g, exactly.

Which units can leave their interval soon is bounded as in molecular dynamics (Verlet, 1967): |Δq_l| ≤ ‖v_l‖ ‖ΔD‖, so
until the sum D of all g has moved by `radius`, only units whose slack / ‖v_l‖ is less than that are looked at.
"""

import math

import numba
import numpy as np
from jaxtyping import Float, Int64

from overgan.theory._problem import ShallowGAN

GDA, OPTIMAL, ALTERNATING = 0, 1, 2  # of _iterate, which takes no strings
TILE = 128  # latents that stay in the first-level cache
BLOWN_UP = 1e100  # a residual beyond it, relative to the first one, would soon overflow
MARGIN = 1e-12  # relative, by which intervals are narrowed: at their ends the signs are looked at again

Recorded = tuple[Float[np.ndarray, "kept m"], Float[np.ndarray, "kept m"], Float[np.ndarray, "kept k d"]]

# no ninf: infinite thresholds are meant
FAST = {"nnan", "nsz", "reassoc", "contract"}


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def _renew(w, old_w, ZT, eta, q, s, u, old_u):  # type: ignore[no-untyped-def]
    """The signs of a unit anew: s in place; the interval of q in which they hold, and how many changed since old_w."""
    d, n = ZT.shape
    s[:] = 0.0
    changes = 0
    for start in range(0, n, TILE):
        stop = min(start + TILE, n)
        for i in range(start, stop):
            u[i] = 0.0
            old_u[i - start] = 0.0
        for j in range(d):
            for i in range(start, stop):
                u[i] += w[j] * ZT[j, i]
                old_u[i - start] += old_w[j] * ZT[j, i]
        for i in range(start, stop):
            changes += (u[i] >= 0.0) != (old_u[i - start] >= 0.0)
        for j in range(d):
            total = 0.0
            for i in range(start, stop):
                total += ZT[j, i] if u[i] >= 0.0 else 0.0
            s[j] += total
    for j in range(d):
        s[j] /= n
    low, high = -np.inf, np.inf
    slope = old_u
    for start in range(0, n, TILE):
        stop = min(start + TILE, n)
        for i in range(start, stop):
            slope[i - start] = 0.0
        for j in range(d):
            for i in range(start, stop):
                slope[i - start] += s[j] * ZT[j, i]
        for i in range(start, stop):
            g = slope[i - start]
            # u − η Δq g changes its sign at Δq = u / (η g): ahead for signs that g undoes, else behind
            at = u[i] / (eta * g) if g != 0.0 else np.inf
            ahead = (u[i] >= 0.0) == (g > 0.0)
            high = min(high, at if ahead else np.inf)
            low = max(low, at if not ahead and g != 0.0 else -np.inf)
    return q + low * (1 - MARGIN), q + high * (1 - MARGIN), changes


@numba.njit(cache=True, parallel=True, fastmath=FAST)
def _renew_all(W, ZT, eta, S, low, high, threads):  # type: ignore[no-untyped-def]
    k = len(W)
    n = ZT.shape[1]
    for thread in numba.prange(threads):
        u, old_u = np.empty(n), np.empty(TILE)
        for unit in range(thread * k // threads, (thread + 1) * k // threads):
            low[unit], high[unit], _ = _renew(W[unit], W[unit], ZT, eta, 0.0, S[unit], u, old_u)


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def _iterate(  # type: ignore[no-untyped-def]
    ZT, VT, W, S, low, high, target, method, critic_steps, mu, eta, stop_below, norms, record, kept_r, kept_d, kept_W
):
    """Step until norms is full, the residual is at most stop_below, or it blew up. W and S hold the final values."""
    k, m = VT.shape
    d_units = W.shape[1]
    steps = len(norms) - 1
    u, old_u, old_w, old_s = np.empty(ZT.shape[1]), np.empty(TILE), np.empty(d_units), np.empty(d_units)
    q_at = np.zeros(k)  # q of each unit when it was renewed
    v_norm = np.empty(k)
    near = np.empty(k, np.int64)
    f, gram = np.zeros(m), np.zeros((m, m))
    for unit in range(k):
        total = 0.0
        for j in range(m):
            total += VT[unit, j] ** 2
        v_norm[unit] = math.sqrt(total)
        _add_unit(f, gram, VT[unit], W[unit], S[unit], 1.0)
    r, disc, g, D, D_at = f - target, np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m)
    radius, horizon, nears, changes, kept = -1.0, 8.0, 0, 0, 0

    for t in range(steps + 1):
        norms[t] = math.sqrt((r * r).sum())
        if kept < len(record) and record[kept] == t:
            kept_r[kept], kept_d[kept] = r, disc
            for unit in range(k):
                _weights(kept_W[kept, unit], W[unit], S[unit], VT[unit], D, q_at[unit], eta)
            kept += 1
        if norms[t] <= stop_below * norms[0] or not norms[t] <= BLOWN_UP * max(norms[0], 1e-100) or t == steps:
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
        for i in range(m):
            total = 0.0
            for j in range(m):
                total += gram[i, j] * g[j]
            r[i] -= eta * total
        D += g

        # units whose signs change
        moved = 0.0
        for j in range(m):
            moved += (D[j] - D_at[j]) ** 2
        moved = math.sqrt(moved)
        sweep = moved >= radius
        if sweep:
            speed = math.sqrt((g * g).sum())
            horizon = min(max(horizon * math.sqrt((k + 1.0) / (horizon * nears + 1.0)), 2.0), 1e6)
            radius = horizon * speed
            D_at[:] = D
            nears = 0
        for index in range(k if sweep else nears):
            unit = index if sweep else near[index]
            q = 0.0
            for j in range(m):
                q += VT[unit, j] * D[j]
            if q <= low[unit] or q >= high[unit]:
                old_w[:], old_s[:] = W[unit], S[unit]
                for j in range(d_units):
                    W[unit, j] -= eta * (q - q_at[unit]) * S[unit, j]
                _add_unit(r, gram, VT[unit], W[unit], S[unit], -1.0)
                low[unit], high[unit], changed = _renew(W[unit], old_w, ZT, eta, q, S[unit], u, old_u)
                _add_unit(r, gram, VT[unit], W[unit], S[unit], 1.0)
                q_at[unit] = q
                changes += changed
            if sweep and min(q - low[unit], high[unit] - q) < radius * v_norm[unit]:
                near[nears] = unit
                nears += 1

    for unit in range(k):
        _weights(W[unit], W[unit], S[unit], VT[unit], D, q_at[unit], eta)
    return t, changes, kept, disc


@numba.njit(cache=True, nogil=True, inline="always")
def _weights(out, w, s, v, D, q_at, eta):  # type: ignore[no-untyped-def]
    """A unit's weights now, from those when it was renewed."""
    q = 0.0
    for j in range(len(v)):
        q += v[j] * D[j]
    for j in range(len(w)):
        out[j] = w[j] - eta * (q - q_at) * s[j]


@numba.njit(cache=True, nogil=True, inline="always")
def _add_unit(f, gram, v, w, s, sign):  # type: ignore[no-untyped-def]
    """Add a unit's share sign · v (w·s) to f and sign · ‖s‖² v vᵀ to J Jᵀ."""
    activation, square = 0.0, 0.0
    for j in range(len(w)):
        activation += w[j] * s[j]
        square += s[j] * s[j]
    for i in range(len(v)):
        f[i] += sign * activation * v[i]
        for j in range(len(v)):
            gram[i, j] += sign * square * v[i] * v[j]


def iterate(
    problem: ShallowGAN,
    method: str,
    steps: int,
    mu: float,
    eta: float,
    critic_steps: int,
    stop_below: float,
    record: Int64[np.ndarray, " asked"],
) -> tuple[Float[np.ndarray, " norms"], int, Float[np.ndarray, " m"], Float[np.ndarray, "k d"], Recorded]:
    """Norms of the residual, number of sign changes, last d and W, and the recorded residuals, d and W.

    stop_below: relative to the first residual; negative for all steps.
    """
    ZT, VT = np.ascontiguousarray(problem.Z.T), np.ascontiguousarray(problem.V.T)
    W, S = problem.W0.copy(), np.empty_like(problem.W0)
    (k, d), m = W.shape, len(problem.target)
    low, high, norms = np.empty(k), np.empty(k), np.empty(steps + 1)
    kept = np.empty((len(record), m)), np.empty((len(record), m)), np.empty((len(record), k, d))
    _renew_all(W, ZT, eta, S, low, high, numba.get_num_threads())
    number = {"gda": GDA, "optimal": OPTIMAL, "alternating": ALTERNATING}[method]
    t, changes, recorded, disc = _iterate(
        ZT, VT, W, S, low, high, problem.target, number, critic_steps, mu, eta, stop_below, norms, record, *kept
    )
    return norms[: t + 1], changes, disc, W, tuple(array[:recorded] for array in kept)
