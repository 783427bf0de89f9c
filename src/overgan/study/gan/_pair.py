"""The runs of one width of each network, and what they cost."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from overgan.study.analysis import as_judged


@dataclass(frozen=True)
class Pair:
    """Two widths, and the runs of the networks that have them."""

    generator: int
    critic: int
    values: Float[np.ndarray, " runs"]  # distances from held-out images; inf of a run that diverged
    cost: float

    @property
    def ratio(self) -> float:
        """The generator's width over the critic's."""
        return self.generator / self.critic

    @property
    def mean(self) -> float:
        """The mean distance, in which diverged runs count as `as_judged` says; infinite if all diverged."""
        return float(as_judged(self.values).mean())

    def __str__(self) -> str:
        return f"generator {self.generator} with critic {self.critic}"
