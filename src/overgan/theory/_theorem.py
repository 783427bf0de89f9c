"""Theorem A.4 as a value: its constants, its conditions with both sides, and what is said about them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from jaxtyping import Bool, Float, Int64

from overgan.theory._linearize import Linearization, growth

ROUNDING = 1e-12  # relative, of a condition's sides; bounds are widened by more


@dataclass(frozen=True)
class Condition:
    """One inequality left ≤ right (strict if `strict`), with its two sides as numbers."""

    statement: str
    left: float
    right: float
    strict: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is true, up to the rounding of its sides."""
        return self.left < self.right if self.strict else self.left <= self.right * (1 + ROUNDING)

    @property
    def margin(self) -> float:
        """How much right exceeds left: negative where it fails."""
        return 0.0 if self.left == self.right else self.right - self.left


@dataclass(frozen=True, eq=False)
class Claim:
    """One of the inequalities (25) to (28) at recorded steps: left ≤ right + allowance for rounding."""

    number: str
    statement: str
    steps: Int64[np.ndarray, " recorded"]
    left: Float[np.ndarray, " recorded"]
    right: Float[np.ndarray, " recorded"]
    allowance: float

    @property
    def margin(self) -> Float[np.ndarray, " recorded"]:
        """How much right exceeds left at every recorded step."""
        margin: np.ndarray = self.right - self.left
        return margin

    @property
    def holds(self) -> Bool[np.ndarray, " recorded"]:
        """Whether it is true at every recorded step, up to the allowance."""
        return np.asarray(self.margin >= -self.allowance)


@dataclass(frozen=True, eq=False)
class Certificate:
    """Theorem A.4's constants of one GAN, and its conditions.

    alpha, initial_norm: σ_min(J_0) and ‖J_0‖, exact.
    beta: of ‖J(θ)‖ and epsilon: of ‖J(θ) − J_0‖ on the ball of `radius` around θ_0 (eq. 24).
    gamma: ‖Aᵗ‖ ≤ γ (1 − ηα²)ᵗ (`Linearization.growth`). rate: 1 − ηα²/2, by which the state shrinks a step (25).
    initial_state: ‖z_0‖.
    excess: the bound on ‖J(θ) − J_0‖ over the ball that belongs to the largest ε that the theorem allows, over that ε.
        At most 1 suffices for the conditions to hold; how far the network is from it otherwise.
    basis: "proven" (beta and epsilon are upper bounds), "measured" (on the iterates of a run) or "estimated".
    """

    mu: float
    eta: float
    alpha: float
    beta: float
    epsilon: float
    radius: float
    gamma: float
    initial_state: float
    initial_norm: float
    excess: float
    basis: str
    conditions: tuple[Condition, ...]
    claims: tuple[Claim, ...] = ()

    @property
    def rate(self) -> float:
        """1 − ηα²/2 (25)."""
        return 1 - self.eta * self.alpha**2 / 2

    @property
    def holds(self) -> bool:
        """Whether every condition holds. It is a proof of (25) to (28) if the basis is "proven"."""
        return all(condition.holds for condition in self.conditions)

    @property
    def allowed(self) -> float:
        """α²/(4γβ), the epsilon that the theorem allows."""
        return self.alpha**2 / (4 * self.gamma * self.beta) if self.beta > 0 else 0.0

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each condition that fails; none if all hold."""
        change = "none is allowed"
        if np.isfinite(self.excess):
            change = (
                f"on the ball of the largest allowed change, it may be {self.excess:.3g} times that one; "
                "the network is too narrow, or f(W_0) too far from the target"
            )
        words = {
            RANK: "J_0 has a rank below the data's dimension m: no step moves f in every direction; take k ≥ m units",
            STEP: f"eta = {self.eta:.3g} is too large: on the ball of radius {self.radius:.3g} ‖J‖ may reach "
            f"{self.beta:.3g}, which allows eta ≤ {self.mu / (8 * self.beta**2) if self.beta else np.inf:.3g}",
            CHANGE: f"J may change by {self.epsilon:.3g} on the ball of radius {self.radius:.3g}, too much: {change}",
        }
        return tuple(
            words.get(c.statement, f"{c.statement} fails: {c.left:.6g} against {c.right:.6g}")
            for c in self.conditions
            if not c.holds
        )

    def summary(self) -> dict[str, Any]:
        """The constants, the conditions with both sides, and the verdict, for JSON: None where a number is infinite."""
        names = (
            "basis",
            "mu",
            "eta",
            "alpha",
            "initial_norm",
            "beta",
            "epsilon",
            "allowed",
            "excess",
            "radius",
            "gamma",
            "rate",
        )
        sides = "statement", "left", "right", "margin", "holds"
        return {
            "holds": self.holds,
            "reasons": list(self.reasons),
            **{name: _finite(getattr(self, name)) for name in names},
            "conditions": [{side: _finite(getattr(row, side)) for side in sides} for row in self.conditions],
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


RANK, STEP, CHANGE = "0 < alpha", "8 beta² ≤ mu/eta", "4 gamma beta epsilon ≤ alpha²"


def conditions(
    mu: float, eta: float, alpha: float, beta: float, epsilon: float, gamma: float, radius: float, needed: float
) -> tuple[Condition, ...]:
    """The conditions of Theorem A.4. needed: the right side of eq. 24 for these constants."""
    return (
        Condition(RANK, 0.0, alpha, strict=True),
        Condition("mu ≤ 1", mu, 1.0),
        Condition(STEP, 8 * beta**2, mu / eta),
        Condition(CHANGE, 4 * gamma * beta * epsilon if np.isfinite(gamma) else np.inf, alpha**2),
        Condition("R of eq. 24 ≤ R", needed, radius),
    )


def radius(linear: Linearization, beta: float, epsilon: float, gamma: float) -> float:
    """R = 2 [(γβ²/α²) ‖(J_0^† r_0, J_0^† d_0)‖ + (9εβ²γ²/α⁴) ‖z_0‖] (eq. 24); inf if J_0 is not of full rank."""
    alpha = lowest(linear)
    z = np.concatenate([linear.r_0, linear.d_0])
    if not z.any():
        return 0.0
    if alpha == 0 or np.isinf(gamma):
        return np.inf
    s, basis = np.linalg.eigh(linear.gram)
    pulled = np.sqrt(sum(((basis.T @ part) ** 2 / s).sum() for part in (linear.r_0, linear.d_0)))
    size = float(np.linalg.norm(z))
    return float(2 * gamma * beta**2 / alpha**2 * (pulled + 9 * epsilon * gamma / alpha**2 * size))


def lowest(linear: Linearization) -> float:
    """α = σ_min(J_0), 0 if it is rounding."""
    s = linear.eigenvalues
    return float(np.sqrt(s[0])) if s[0] > 1e-14 * len(s) * s[-1] else 0.0


def smallest_ball(
    linear: Linearization, eta: float | None, change: Callable[[float], float], largest: float
) -> tuple[float, float, float]:
    """The least (radius, epsilon, beta) with change(radius) ≤ epsilon and eq. 24 for epsilon, to a relative 1e-6.

    change: an upper bound on ‖J(θ) − J_0‖ on the ball of that radius, increasing. largest: one on ‖J(θ)‖ anywhere.
    eta: the generator's step, or None for μ/(8β²).

    β = min(‖J_0‖ + ε, largest) and eq. 24 map a radius to F(radius). F is increasing: ε and β are, and so is eq. 24 in
    both, also where γ falls with β because η = μ/(8β²). For then q = ‖J_0‖²/(8β²) ≤ 1/8, γ²β² is proportional to
    (1 + (1 − q)²)/(q (1 − 4q)), and its logarithm has the derivative −2(1 − q)/(1 + (1 − q)²) + 4/(1 − 4q) − 1/q in q,
    whose first term is negative, and 4/(1 − 4q) ≤ 1/q if q ≤ 1/8. So F(0) ≤ F(F(0)) ≤ … stays below every R with
    F(R) ≤ R, and its limit is the least of those. It is infinite if only an infinite ball is known to do.
    """

    def next_radius(r: float) -> tuple[float, float, float]:
        epsilon = change(r)
        beta, gamma = beta_gamma(linear, eta, epsilon, largest)
        return radius(linear, beta, epsilon, gamma), epsilon, beta

    r = 0.0
    while True:
        grown, epsilon, beta = next_radius(r)
        if not grown > r * (1 + 1e-9) or np.isinf(r):
            break
        r = grown
    while True:  # the limit is approached from below: go just beyond it
        grown, epsilon, beta = next_radius(r)
        if grown <= r:
            return r, epsilon, beta
        r = grown * (1 + 1e-7)


def allowed_ball(linear: Linearization, eta: float | None, largest: float) -> tuple[float, float]:
    """The largest ε with 4γβε ≤ α² for β = min(‖J_0‖ + ε, largest), and the radius of eq. 24 for it.

    (0, inf) if α is 0 or eta so large that there is no γ.
    """
    alpha = lowest(linear)

    def beyond(epsilon: float) -> float:  # increasing in epsilon, as γβ is
        beta, gamma = beta_gamma(linear, eta, epsilon, largest)
        return 4 * gamma * beta * epsilon - alpha**2

    if alpha == 0 or not np.isfinite(beyond(alpha)):
        return 0.0, np.inf
    allowed = float(scipy.optimize.brentq(beyond, 0.0, alpha))  # γ ≥ 1 and β ≥ α, so alpha is too much
    beta, gamma = beta_gamma(linear, eta, allowed, largest)
    return allowed, radius(linear, beta, allowed, gamma)


def beta_gamma(linear: Linearization, eta: float | None, epsilon: float, largest: float) -> tuple[float, float]:
    """β = min(‖J_0‖ + ε, largest) and the γ that belongs to eta, or to μ/(8β²)."""
    norm = float(np.sqrt(linear.eigenvalues[-1]))
    beta = min(norm + epsilon, largest)
    if norm == 0:
        return beta, growth(0.0)
    return beta, growth(norm**2 * (eta / linear.mu if eta else 1 / (8 * beta**2)))
