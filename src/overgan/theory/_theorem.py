"""Theorem A.4 for GDA: its constants and conditions as a value, with both sides of each."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from overgan.theory._conditions import (
    MEASURED,
    NO_RANK,
    TOO_NARROW,
    Claim,
    Condition,
    Verdict,
    explain_change,
    explain_step,
)
from overgan.words import number

RANK, STEP, CHANGE = "0 < alpha", "8 beta² ≤ mu/eta", "4 gamma beta epsilon ≤ alpha²"


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(Verdict):
    """Theorem A.4's constants of one GAN, and its conditions.

    alpha, initial_norm: σ_min(J_0) and ‖J_0‖, exact.
    beta: of ‖J(θ)‖ and epsilon: of ‖J(θ) − J_0‖ on the ball of `radius` around θ_0. needed: the least radius by eq. 24.
    gamma: ‖Aᵗ‖ ≤ γ (1 − ηα²)ᵗ (`Linearization.growth`). rate: 1 − ηα²/2, by which the state shrinks a step (25).
    d0, initial_state: the weights of the discriminator at t = 0, and ‖z_0‖ with z_0 = (r_0, d_0).
    excess: the bound on ‖J(θ) − J_0‖ over the ball that belongs to the largest ε that the theorem allows, over that ε.
        At most 1 suffices for the conditions to hold; how far the network is from it otherwise. Of a run, epsilon over
        that ε.
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
    d0: Float[np.ndarray, " m"]
    initial_state: float
    initial_norm: float
    excess: float
    basis: str
    claims: tuple[Claim, ...] = ()
    constants: ClassVar = (
        *("mu", "eta", "alpha", "initial_norm", "beta", "epsilon"),
        *("allowed", "excess", "radius", "gamma", "rate"),
    )
    bounded: ClassVar = "state"

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
    def allowed(self) -> float:
        """The epsilon that the theorem allows, α²/(4γβ)."""
        return self.alpha**2 / (4 * self.gamma * self.beta) if self.beta > 0 else 0.0

    @property
    def explanations(self) -> dict[str, str]:
        """What to say of a condition that fails, by its statement."""
        excess = f"on the ball of the largest allowed change, it may be {number(self.excess)} times that one"
        if self.basis == MEASURED:
            excess = f"{number(self.excess)} times what is allowed"
        much = f"{excess}; {TOO_NARROW}" if np.isfinite(self.excess) else "none is allowed"
        largest = self.mu / (8 * self.beta**2) if self.beta else np.inf
        return {
            RANK: NO_RANK,
            STEP: explain_step(self.eta, largest, self.radius, self.beta, self.basis),
            CHANGE: f"{explain_change(self.epsilon, self.radius, self.basis)}, too much: {much}",
        }
