"""The balls of Theorem A.4: how large R, ε and β must be so that they are consistent with each other (eq. 24)."""

import numpy as np
import scipy  # its parts load at their first use

from overgan.theory._lemmas import growth
from overgan.theory._linearize import Linearization
from overgan.theory._problem import Ball

BALLS = 10  # at most, that are looked at for an estimate
HUGE = 1e100  # a radius beyond it only grows, and its square would soon overflow
BEYOND = 1.01  # how much larger than eq. 24 asks for the next one is, so that it can meet it


def radius(linear: Linearization, beta: float, epsilon: float, gamma: float) -> float:
    """The radius of eq. 24: R = 2 [(γβ²/α²) ‖(J_0^† r_0, J_0^† d_0)‖ + (9εβ²γ²/α⁴) ‖z_0‖].

    It is inf if J_0 is not of full rank.
    """
    alpha = linear.alpha
    z = np.concatenate([linear.r_0, linear.d_0])
    if not z.any():
        return 0.0
    if alpha == 0 or np.isinf(gamma):
        return np.inf
    s, basis = linear.eigen
    ratio, size = beta / alpha, float(np.linalg.norm(z))
    with np.errstate(over="ignore"):  # then it is inf
        pulled = float(np.linalg.norm([basis.T @ part / np.sqrt(s) for part in (linear.r_0, linear.d_0)]))
    return 2 * gamma * ratio * ratio * (pulled + 9 * epsilon / alpha * gamma / alpha * size)


def smallest_ball(linear: Linearization, eta: float | None, ball: Ball) -> tuple[float, float, float]:
    """The least (radius, epsilon, beta) with ‖J(θ) − J_0‖ ≤ epsilon on the ball, and eq. 24, to a relative 1e-6.

    ball: upper bounds on ‖J(θ) − J_0‖ and ‖J(θ)‖ on the ball of a radius, increasing in it.
    eta: the generator's step, or None for μ/(8β²).

    β = min(‖J_0‖ + ε, largest) and eq. 24 map a radius to F(radius). F is increasing: ε and β are, and so is eq. 24 in
    both, also where γ falls with β because η = μ/(8β²). For then q = ‖J_0‖²/(8β²) ≤ 1/8, γ²β² is proportional to
    (1 + (1 − q)²)/(q (1 − 4q)), and its logarithm has the derivative −2(1 − q)/(1 + (1 − q)²) + 4/(1 − 4q) − 1/q in q,
    whose first term is negative, and 4/(1 − 4q) ≤ 1/q if q ≤ 1/8. So F(0) ≤ F(F(0)) ≤ … stays below every R with
    F(R) ≤ R, and its limit is the least of those. It is infinite if only an infinite ball is known to do.
    """

    def next_radius(r: float) -> tuple[float, float, float]:
        epsilon, largest = ball(r)
        beta, _, needed = consistent(linear, eta, epsilon, largest)
        return needed, epsilon, beta

    r = 0.0
    while True:
        grown, epsilon, beta = next_radius(r)
        if not grown > r * (1 + 1e-9) or np.isinf(r):
            break
        r = grown if grown < HUGE else np.inf
    while True:  # the limit is approached from below: go just beyond it
        grown, epsilon, beta = next_radius(r)
        if grown <= r:
            return r, epsilon, beta
        r = grown * (1 + 1e-7)


def grown_ball(linear: Linearization, eta: float | None, ball: Ball) -> tuple[float, float, float]:
    """The first (radius, epsilon, beta) that meets eq. 24, on balls that grow until then, for estimates.

    ball: the largest ‖J(θ) − J_0‖ and ‖J(θ)‖ that were found on the ball of a radius.

    It also ends where 4γβε ≤ α² fails, as it then does on every larger ball, and after ten balls.
    """
    r, epsilon, largest = 0.0, 0.0, linear.norm
    for _ in range(BALLS):
        beta, gamma, needed = consistent(linear, eta, epsilon, largest)
        if needed <= r or not np.isfinite(needed) or 4 * gamma * beta * epsilon > linear.alpha**2:
            break
        r = BEYOND * needed
        change, norm = ball(r)
        epsilon, largest = max(epsilon, change), max(largest, norm)
    return r, epsilon, consistent(linear, eta, epsilon, largest)[0]


def allowed_ball(linear: Linearization, eta: float | None, largest: float) -> tuple[float, float]:
    """The largest ε with 4γβε ≤ α² for β = min(‖J_0‖ + ε, largest), and the radius of eq. 24 for it.

    (0, inf) if α is 0 or eta so large that there is no γ.
    """
    alpha = linear.alpha

    def beyond(epsilon: float) -> float:  # increasing in epsilon, as γβ is
        beta, gamma, _ = consistent(linear, eta, epsilon, largest)
        return 4 * gamma * beta * epsilon - alpha**2

    if alpha == 0 or not np.isfinite(beyond(alpha)):
        return 0.0, np.inf
    allowed = float(scipy.optimize.brentq(beyond, 0.0, alpha))  # γ ≥ 1 and β ≥ α, so alpha is too much
    return allowed, consistent(linear, eta, allowed, largest)[2]


def consistent(linear: Linearization, eta: float | None, epsilon: float, largest: float) -> tuple[float, float, float]:
    """β = min(‖J_0‖ + ε, largest), the γ that belongs to eta, or to μ/(8β²), and the radius of eq. 24 for these."""
    norm = linear.norm
    beta = min(norm + epsilon, largest)
    gamma = growth(norm**2 * (eta / linear.mu if eta else 1 / (8 * beta**2)) if norm else 0.0)
    return beta, gamma, radius(linear, beta, epsilon, gamma)
