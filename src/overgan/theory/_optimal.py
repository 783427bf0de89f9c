"""Theorem A.11 for the optimal discriminator, behind Theorem 2.2: its constants and conditions, and why it is true.

Let σ_min(J_0) ≥ 2α and, on the ball ‖θ − θ_0‖ ≤ R = 3‖r_0‖/α, ‖J(θ) − J_0‖ ≤ α/3 and ‖J(θ)‖ ≤ β; let η ≤ 1/(2β²).
Then ‖r_t‖ ≤ (1 − ηα²)ᵗ ‖r_0‖ (38) for θ_{t+1} = θ_t − η J(θ_t)ᵀ r_t, and every θ_t is in the ball. (In our copy of the
paper α/3, (37), (38) and the bound on η are garbled; with these the proof goes through.)

*Proof.* While θ_t and θ_{t+1} are in the ball, r_{t+1} = r_t − η (J_t + Δ) J_tᵀ r_t, where J_t + Δ is the mean of J
from θ_t to θ_{t+1} (at almost every point between them f has the derivative J along that line, with ReLUs too), and
so ‖Δ‖ ≤ 2α/3. Let ‖r_t‖ = 1, x = ‖J_tᵀ r_t‖, y = η (5α/3)² and u = ηx². As σ_min(J_t) ≥ 5α/3, the eigenvalues of
η J_t J_tᵀ are from y to ηβ² ≤ ½, and their mean with the weights of r_t is u ≥ y. On [y, ½], (1 − s)² is below its
chord, so

    ‖(I − η J_t J_tᵀ) r_t‖² ≤ (1 − y)² − (3/2 − y)(u − y) ≤ (1 − y − ¾ (u − y))²,

and with ηαx ≤ (3/5) u, which is x ≥ 5α/3,

    ‖r_{t+1}‖ ≤ 1 − y − ¾ (u − y) + (2/3) ηαx ≤ 1 − y/4 − (7/20) u.

This is at most 1 − (3/5) y = 1 − (5/3) ηα², which is (38) and more, and at most 1 − (7/12) α ηx: a step moves θ by ηx,
at most 12/(7α) of what ‖r‖ loses. So θ_t is within (12/7)(‖r_0‖ − ‖r_t‖)/α of θ_0, and the next step is no longer than
ηβ‖r_t‖ ≤ ‖r_t‖/(2β) ≤ ‖r_t‖/(4α), as β ≥ 2α. Hence θ_{t+1} is in the ball, too, within 12‖r_0‖/(7α) of θ_0.

α is free up to σ_min(J_0)/2. A smaller one allows less change, and on a larger ball, so the largest is the best.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from overgan.theory._conditions import NO_RANK, TOO_NARROW, Claim, Condition, Verdict, explain_change, explain_step
from overgan.words import number

RANK, CHANGE, STEP = "0 < alpha", "3 epsilon ≤ alpha", "2 beta² ≤ 1/eta"


@dataclass(frozen=True, eq=False, repr=False)
class OptimalCertificate(Verdict):
    """Theorem A.11's constants of one GAN, and its conditions.

    alpha, initial_norm: σ_min(J_0)/2 and ‖J_0‖, exact.
    beta: of ‖J(θ)‖ and epsilon: of ‖J(θ) − J_0‖ on the ball of `radius` around θ_0, which is 3‖r_0‖/α.
    rate: 1 − ηα², by which the residual shrinks a step (38). initial_residual: ‖r_0‖.
    excess: epsilon over α/3, which is allowed: at most 1 is needed.
    basis: "proven" (beta and epsilon are upper bounds), "measured" (on the iterates of a run) or "estimated".
    """

    eta: float
    alpha: float
    beta: float
    epsilon: float
    radius: float
    initial_residual: float
    initial_norm: float
    basis: str
    claims: tuple[Claim, ...] = ()
    constants: ClassVar = "eta", "alpha", "initial_norm", "beta", "epsilon", "allowed", "excess", "radius", "rate"
    bounded: ClassVar = "residual"

    @property
    def rate(self) -> float:
        """The factor 1 − ηα² by which the bound on the residual shrinks at every step (38)."""
        return 1 - self.eta * self.alpha**2

    @property
    def allowed(self) -> float:
        """The epsilon that the theorem allows, α/3."""
        return self.alpha / 3

    @property
    def excess(self) -> float:
        """How many times epsilon is what the theorem allows; inf if it allows none."""
        return self.epsilon / self.allowed if self.allowed else np.inf

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of Theorem A.11 for these constants, in its order."""
        return (
            Condition(RANK, 0.0, self.alpha, strict=True),
            Condition(CHANGE, 3 * self.epsilon, self.alpha),
            Condition(STEP, 2 * self.beta**2, 1 / self.eta),
        )

    @property
    def explanations(self) -> dict[str, str]:
        """What to say of a condition that fails, by its statement."""
        much = f"{number(self.excess)} times what is allowed; {TOO_NARROW}" if self.alpha else "none is allowed"
        largest = 1 / (2 * self.beta**2) if self.beta else np.inf
        return {
            RANK: NO_RANK,
            CHANGE: f"{explain_change(self.epsilon, self.radius, self.basis)}, {much}",
            STEP: explain_step(self.eta, largest, self.radius, self.beta, self.basis),
        }
