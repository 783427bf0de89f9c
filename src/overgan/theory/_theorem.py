"""Theorem A.4: its constants and conditions as a value, with both sides of each, and its claims (25) to (28)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int64

from overgan.check import check
from overgan.theory._linearize import linearize
from overgan.theory._problem import Problem
from overgan.theory._simulate import Trajectory

ROUNDING = 1e-12  # relative, of a condition's sides; bounds are widened by more
RANK, STEP, CHANGE = "0 < alpha", "8 beta² ≤ mu/eta", "4 gamma beta epsilon ≤ alpha²"


@dataclass(frozen=True)
class Condition:
    """One inequality left ≤ right (strict if `strict`), with its two sides as numbers."""

    statement: str
    left: float
    right: float
    strict: bool = False

    @property
    def holds(self) -> bool:
        """Whether the inequality is true, up to the rounding of its sides."""
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
        return np.asarray(self.right - self.left)

    @property
    def holds(self) -> Bool[np.ndarray, " recorded"]:
        """Whether the inequality is true, at every recorded step, up to the allowance."""
        return np.asarray(self.margin >= -self.allowance)


@dataclass(frozen=True, eq=False)
class Certificate:
    """Theorem A.4's constants of one GAN, and its conditions.

    alpha, initial_norm: σ_min(J_0) and ‖J_0‖, exact.
    beta: of ‖J(θ)‖ and epsilon: of ‖J(θ) − J_0‖ on the ball of `radius` around θ_0. needed: the least radius by eq. 24.
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
    needed: float
    gamma: float
    initial_state: float
    initial_norm: float
    excess: float
    basis: str
    claims: tuple[Claim, ...] = ()

    @property
    def rate(self) -> float:
        """The factor 1 − ηα²/2 by which the bound on the state shrinks at every step (25)."""
        return 1 - self.eta * self.alpha**2 / 2

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of Theorem A.4 for these constants, in its order."""
        change = 4 * self.gamma * self.beta * self.epsilon if np.isfinite(self.gamma) else np.inf
        return (
            Condition(RANK, 0.0, self.alpha, strict=True),
            Condition("mu ≤ 1", self.mu, 1.0),
            Condition(STEP, 8 * self.beta**2, self.mu / self.eta),
            Condition(CHANGE, change, self.alpha**2),
            Condition("R of eq. 24 ≤ R", self.needed, self.radius),
        )

    @property
    def holds(self) -> bool:
        """Whether every condition holds. It is a proof of (25) to (28) if the basis is "proven"."""
        return all(condition.holds for condition in self.conditions)

    @property
    def allowed(self) -> float:
        """The epsilon that the theorem allows, α²/(4γβ)."""
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
        failed = [c for c in self.conditions if not c.holds]
        return tuple(words.get(c.statement, f"{c.statement} fails: {c.left:.6g} against {c.right:.6g}") for c in failed)

    def summary(self) -> dict[str, Any]:
        """The constants, the conditions with both sides, and the verdict, for JSON: None where a number is infinite."""
        constants = "basis", "mu", "eta", "alpha", "initial_norm", "beta", "epsilon"
        found = "allowed", "excess", "radius", "gamma", "rate"
        sides = "statement", "left", "right", "margin", "holds"
        return {
            "holds": self.holds,
            "reasons": list(self.reasons),
            **{name: _finite(getattr(self, name)) for name in (*constants, *found)},
            "conditions": [{side: _finite(getattr(row, side)) for side in sides} for row in self.conditions],
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def check_claims(problem: Problem, certificate: Certificate, trajectory: Trajectory) -> tuple[Claim, ...]:
    """Claims (25) to (28) of Theorem A.4 with the certificate's constants at the trajectory's recorded steps.

    Of (26) both bounds are there, that of the step t and the one for all steps. The allowance is for rounding alone.

    Raises OverganError if the trajectory is not of GDA with the certificate's step sizes.
    """
    check_run(problem, trajectory, certificate.mu, certificate.eta)
    linear = linearize(problem, certificate.mu, certificate.eta)
    c, t, size = certificate, trajectory.recorded_steps, certificate.initial_state
    state = np.concatenate([trajectory.recorded_residual, trajectory.recorded_d], 1)
    start, pull, sums = problem.start, problem.at(problem.start).pull_back, linear.discriminator_sum(t)
    moved, apart = np.empty(len(t)), np.empty(len(t))
    for i, W in enumerate(trajectory.recorded_W):
        change = W - start
        moved[i] = np.linalg.norm(change)
        apart[i] = np.linalg.norm(change + c.eta * pull(sums[i]))
    with np.errstate(invalid="ignore"):  # 0 · inf
        growing = 2 * c.eta * c.gamma**2 * c.beta * c.epsilon * t * c.rate ** np.maximum(t - 1.0, 0) * size
        drift = parted = np.inf
        if c.alpha > 0:
            drift = 4 * c.gamma**2 * c.beta * c.epsilon / (np.e * 15 * np.log(16 / 15) * c.alpha**2) * size
            parted = 9 * c.epsilon * c.beta**2 * c.gamma**2 / c.alpha**4 * size
    rounding = 1e-12 * (size + 2 * float(np.linalg.norm(problem.target)))
    still = 1e-12 * float(np.linalg.norm(start))
    difference = np.linalg.norm(state - linear.state(t), axis=1)
    everywhere = np.ones(len(t))
    return (
        Claim("25", "‖z_t‖ ≤ γ rateᵗ ‖z_0‖", t, np.linalg.norm(state, axis=1), c.gamma * c.rate**t * size, rounding),
        Claim("26", "‖z_t − z̃_t‖ ≤ 2ηγ²βε t rateᵗ⁻¹ ‖z_0‖", t, difference, growing, rounding),
        Claim("26b", "‖z_t − z̃_t‖ ≤ 4γ²βε/(15e ln(16/15) α²) ‖z_0‖", t, difference, drift * everywhere, rounding),
        Claim("27", "‖θ_t − θ̃_t‖ ≤ 9εβ²γ²/α⁴ ‖z_0‖", t, apart, parted * everywhere, still),
        Claim("28", "‖θ_t − θ_0‖ ≤ R/2", t, moved, c.radius / 2 * everywhere, still),
    )


def check_run(problem: Problem, trajectory: Trajectory, mu: float, eta: float) -> None:
    """Raise OverganError unless the trajectory is of GDA on a problem of these sizes with these step sizes."""
    check(trajectory.method == "gda", "trajectory", f"of the method {trajectory.method!r}", "of 'gda'")
    given = trajectory.W.shape
    check(given == problem.start.shape, "trajectory", f"of weights of shape {given}", "of the problem's")
    check(trajectory.mu == mu, "mu", mu, f"the trajectory's, {trajectory.mu}")
    check(trajectory.eta == eta, "eta", eta, f"the trajectory's, {trajectory.eta}")
