"""What the certificates of both theorems consist of: conditions and claims, with both sides of each."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int64

from overgan.words import brief, number

MEASURED = "measured"  # a certificate's basis
TOO_NARROW = "the network is too narrow, or f(W_0) too far from the target"
ROUNDING = 1e-12  # relative, of a condition's sides; bounds are widened by more
NO_RANK = (
    "J_0 has a rank below the data's dimension m: no step moves f in every direction; "
    "at least m units must be active, and features must span m dimensions"
)


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


@dataclass(frozen=True, eq=False, repr=False)
class Claim:
    """One of the inequalities that a theorem claims, at recorded steps: left ≤ right + allowance for rounding."""

    number: str
    statement: str
    steps: Int64[np.ndarray, " recorded"]
    left: Float[np.ndarray, " recorded"]
    right: Float[np.ndarray, " recorded"]
    allowance: float

    def __repr__(self) -> str:
        return brief(self, number=self.number, holds=bool(self.holds.all()), steps=len(self.steps))

    @property
    def margin(self) -> Float[np.ndarray, " recorded"]:
        """How much right exceeds left at every recorded step."""
        return np.asarray(self.right - self.left)

    @property
    def holds(self) -> Bool[np.ndarray, " recorded"]:
        """Whether the inequality is true, at every recorded step, up to the allowance."""
        return np.asarray(self.margin >= -self.allowance)


class Verdict(ABC):
    """What a certificate says: the conditions of its theorem, whether all hold, and if not, why."""

    basis: str
    constants: ClassVar[tuple[str, ...]]  # the names of its numbers
    bounded: ClassVar[str]  # what shrinks by its rate at every step

    def __repr__(self) -> str:
        return brief(self, holds=self.holds, basis=self.basis, **{k: getattr(self, k) for k in ("rate", "excess")})

    @property
    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of the theorem for these constants, in its order."""

    @property
    @abstractmethod
    def explanations(self) -> dict[str, str]:
        """What to say of a condition that fails, by its statement."""

    @property
    def holds(self) -> bool:
        """Whether every condition holds. It is a proof of the theorem's claims if the basis is "proven"."""
        return all(condition.holds for condition in self.conditions)

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each condition that fails; none if all hold."""
        words, failed = self.explanations, [c for c in self.conditions if not c.holds]
        return tuple(words.get(c.statement, f"{c.statement} fails: {c.left:.6g} against {c.right:.6g}") for c in failed)

    def summary(self) -> dict[str, Any]:
        """The constants, the conditions with both sides, and the verdict, for JSON: None where a number is infinite."""
        sides = "statement", "left", "right", "margin", "holds"
        return {
            "holds": self.holds,
            "reasons": list(self.reasons),
            "basis": self.basis,
            **{name: _finite(getattr(self, name)) for name in self.constants},
            "conditions": [{side: _finite(getattr(row, side)) for side in sides} for row in self.conditions],
        }


def explain_step(eta: float, allowed: float, radius: float, beta: float, basis: str) -> str:
    """What to say of a generator step that is too large for the theorem."""
    reach = f"on the ball of radius {number(radius)} ‖J‖ may reach"
    reached = "along the run ‖J‖ came to" if basis == MEASURED else reach
    return f"eta = {number(eta)} is too large: {reached} {number(beta)}, which allows eta ≤ {number(allowed)}"


def explain_change(epsilon: float, radius: float, basis: str) -> str:
    """How much J changes; on the iterates of a run it was seen."""
    if basis == MEASURED:
        return f"along the run J changed by up to {number(epsilon)}"
    return f"J may change by {number(epsilon)} on the ball of radius {number(radius)}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
