"""How much J can change within a ball around W_0: a proven bound, for all balls at once."""

from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.theory.shallow._geometry import Inner, Latents, Outer
from overgan.words import brief

BLOCK = 8192  # units whose shares are in memory at once
ROUNDING = 1e-9  # relative, by which the bounds are widened


@runtime_checkable
class Arrays(Protocol):
    """What the bounds read of a `ShallowGAN`, which offers the bounds itself."""

    @property
    def Z(self) -> Latents: ...  # noqa: N802 — the paper's letters
    @property
    def V(self) -> Outer: ...  # noqa: N802 — as above
    @property
    def W0(self) -> Inner: ...  # noqa: N802 — as above


@dataclass(frozen=True, eq=False, repr=False)
class BallBound:
    """An upper bound on ‖J(W) − J(W_0)‖ for ‖W − W_0‖_F ≤ R, for any R up to `reach`.

    prices, worths: λ and Λ(λ), where ‖J(W) − J(W_0)‖² ≤ λR² + Λ(λ) for every λ. See `ball_bound` for the proof.
    """

    prices: Float[np.ndarray, " prices"]
    worths: Float[np.ndarray, " prices"]
    reach: float

    def __repr__(self) -> str:
        return brief(self, reach=float(self.reach), prices=len(self.prices))

    def change(self, radius: float) -> float:
        """The bound on the ball of that radius: continuous and increasing in it, inf beyond `reach`.

        Raises OverganError if the radius is negative.
        """
        check(radius >= 0, "radius", radius, "at least 0")
        if radius > self.reach:
            return np.inf
        if np.isinf(radius):
            return float(np.sqrt(self.worths[0]))
        with np.errstate(over="ignore"):  # of prices that are too high
            return float(np.sqrt((self.prices * radius * radius + self.worths).min()))


def ball_bound(problem: Arrays, reach: float = np.inf) -> BallBound:
    """A proven bound on how much J changes on balls of radius up to `reach`, which is the tighter the smaller that is.

    ‖J(W) − J(W_0)‖² = λ_max(Σ_l δ_l² v_l v_lᵀ) with δ_l = ‖s_l(W) − s_l(W_0)‖. Let w_l move by ρ_l, Σ ρ_l² ≤ R².

    1. *One unit.* The sign of w_l·z_i can only change if c_i = |w_l·z_i|/‖z_i‖ ≤ ρ_l. It then changes in one direction:
       s_l gains y_i/n, y_i = −z_i if z_i was active and z_i if not. So n δ_l is the norm of Σ_T y_i over some T within
       S = {i: c_i ≤ ρ_l}, and for its direction a, n δ_l ≤ Σ_S max(a·y_i, 0) = ½ a·Σ_S y_i + ½ Σ_S |a·y_i|. By Cauchy
       and Schwarz with the weights ‖z_i‖,

           n δ_l ≤ n b_l(ρ_l) = ½ ‖Σ_S y_i‖ + ½ √(Σ_S ‖z_i‖ · λ_max(Σ_S z_i z_iᵀ/‖z_i‖)).

       It is at most the sum of the norms of S, and half of that and less where S points everywhere.
    2. *All units share one budget.* For ‖x‖ = 1, xᵀ(Σ δ_l² v_l v_lᵀ) x − λR² ≤ Σ_l [(v_l·x)² b_l(ρ_l)² − λρ_l²], which
       is at most Σ_l h_l((v_l·x)²) with h_l(c) = max over ρ of c b_l(ρ)² − λρ². As a largest value of linear functions
       of c, h_l is convex, and h_l(0) = 0, so h_l(c) ≤ (c/‖v_l‖²) h_l(‖v_l‖²) for c ≤ ‖v_l‖². Hence

           ‖J(W) − J(W_0)‖² ≤ λR² + Λ(λ),  Λ(λ) = λ_max(Σ_l max_ρ [b_l(ρ)² − λρ²/‖v_l‖²] v_l v_lᵀ)

       for every λ ≥ 0; the least over a grid of λ is taken. For m = 1 the second step loses nothing.
    3. b_l is a step function of ρ. Movements within 7 % of each other are taken together: the samples that the longest
       can reach, at the cost of the shortest that reaches one of them. ρ_l ≤ R, so only movements up to `reach` count.
    What rounding could hide is added: 1e-14 in c_i relative to ‖w_l‖, 1e-9 of the bound.

    The work is O(k n d²) and the memory O(n d + k). Raises OverganError if reach is negative.
    """
    from overgan.theory.shallow._ball_kernels import fill_shares  # here, because numba takes a second
    from overgan.theory.shallow._threads import in_threads

    check(reach >= 0, "reach", reach, "at least 0")
    # only latents that are not zero count
    norms = np.linalg.norm(problem.Z, axis=1)
    Z, norms = np.ascontiguousarray(problem.Z[norms > 0]), norms[norms > 0]
    v_squares = (problem.V**2).sum(0)
    if not len(Z) or not v_squares.any():
        return BallBound(np.zeros(1), np.zeros(1), float(reach))
    # the prices λ: 0, and from where moving a whole unit is all but free to where one latent's change is dear
    w = max(float(np.sqrt((problem.W0**2).sum(1).mean())), 1e-40)
    scale = float(v_squares.max()) * (norms.mean() / w) ** 2
    prices = np.concatenate([[0.0], scale * np.geomspace(1e-8, 1e12, 177)])  # in steps of 1.3
    # the shares of the units, max_ρ [b_l(ρ)² − λρ²/‖v_l‖²], and their sums; units with v_l = 0 count for nothing
    (m, k), half = problem.V.shape, 0.5 / len(problem.Z)
    squares = np.maximum(v_squares, 1e-100 * v_squares.max())  # too large a ‖v_l‖² is still a bound
    sums = np.zeros((len(prices), m, m))
    for start in range(0, k, BLOCK):
        block = slice(start, start + BLOCK)
        W, V, own = problem.W0[block], problem.V[:, block], squares[block]
        shares = np.empty((len(W), len(prices)))
        in_threads(partial(fill_shares, W, Z, norms, half, prices, own, reach, shares), len(W))
        sums += np.matmul(V * shares.T[:, None, :], V.T)
    worths = np.maximum(np.linalg.eigvalsh(sums)[:, -1], 0.0) * (1 + ROUNDING) ** 2
    return BallBound(prices, worths, float(reach))


def norm_bound(problem: Arrays) -> float:
    """An upper bound on ‖J(W)‖ for all W.

    ‖J(W)‖ ≤ ‖V‖ max_l ‖s_l(W)‖, and n ‖s_l(W)‖ ≤ ½ ‖Σ z_i‖ + ½ √(Σ ‖z_i‖ · λ_max(Σ z_i z_iᵀ/‖z_i‖)) as in step 1 of
    `ball_bound`.
    """
    norms = np.linalg.norm(problem.Z, axis=1)
    scaled = problem.Z / np.sqrt(np.where(norms > 0, norms, 1.0))[:, None]
    longest = np.linalg.norm(problem.Z.sum(0)) + np.sqrt(norms.sum()) * np.linalg.norm(scaled, 2)
    return float(np.linalg.norm(problem.V, 2) * longest / (2 * len(norms)) * (1 + ROUNDING))
