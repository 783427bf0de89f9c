"""Lemmas A.6 to A.10, which are behind Theorems 2.1 and 2.2: both sides of each on drawn problems."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from overgan.check import check
from overgan.theory.shallow._ball import ball_bound
from overgan.theory.shallow._gan import ShallowGAN
from overgan.theory.shallow._geometry import generated_mean, jacobian_gram, mean_gradients
from overgan.words import brief


@dataclass(frozen=True, eq=False, repr=False)
class Lemma:
    """An inequality left ≤ right of the paper, on each of the draws, or for each unit of each draw."""

    number: str
    statement: str
    left: Float[np.ndarray, "draws *units"]
    right: Float[np.ndarray, "draws *units"]

    def __repr__(self) -> str:
        return brief(self, number=self.number, frequency=self.frequency, draws=len(self.left))

    @property
    def holds(self) -> Bool[np.ndarray, "draws *units"]:
        """Whether the inequality is true, on each draw or for each unit of each."""
        return np.asarray(self.left <= self.right)

    @property
    def frequency(self) -> float:
        """On which fraction of the draws, or of all their units, it is true."""
        return float(self.holds.mean())


Side = float | Float[np.ndarray, " units"]
STATEMENTS = {
    "A.6 lower": "(1 − δ) E D² ≤ D_l²",
    "A.6 upper": "D_l² ≤ (1 + δ) E D²",
    "A.6 lower, all": "(1 − δ) E D² ≤ min_l D_l²",
    "A.6 upper, all": "max_l D_l² ≤ (1 + δ) E D²",
    "A.7": "σvσz (√((1−δ)²k − (1+δ)²) − √m (1+η)(1+δ)) √(q/2) ≤ σ_min(J(W_0))",
    "A.8": "‖J(W_0)‖ ≤ (1 + δ) σvσz (√k + 2√m) √(q/2)",
    "A.9 attained": "‖J(W; z) − J(W_0; z)‖ of a W with ‖W − W_0‖ ≤ R ≤ σv‖z‖ (2√m + √(6u log(k/3u)))",
    "A.9 all W": "proven bound on ‖J(W; z) − J(W_0; z)‖ for ‖W − W_0‖ ≤ R ≤ σv‖z‖ (2√m + √(6u log(k/3u)))",
    "A.10": "‖f(W_0) − x̄‖ ≤ (1 + δ) σvσwσz √(kdm/2π) + ‖x̄‖",
}


def lemmas(
    n: int = 1000,
    d: int = 10,
    m: int = 10,
    k: int = 1000,
    *,
    draws: int = 100,
    seed: int = 0,
    delta: float = 0.5,
    eta: float = 1 / 3,
    radius: float | None = None,
) -> tuple[Lemma, ...]:
    """Lemmas A.6 to A.10 on `draws` problems with σz = σv = σw = 1, of the seeds from `seed` on.

    delta, eta: those of the lemmas; the paper's proofs take ½ and ⅓. With q = (d + (n−1)/π)/n, E D² = n² q/2.
    radius: R of A.9, √k/100 by default; u = (2kR)^(2/3). A.9 speaks of one latent z, the first, and of all W in a ball.
        "attained" is one of them, which turns as many units as R allows, the nearest to z⊥ first: where it fails, the
        lemma is wrong. "all W" is `ball_bound`, an upper bound: where it holds, the lemma is right.

    A.6 is about one unit: its sides are (draws, k), for every D_l of a draw. "All" has the least and the largest D_l of
    each draw, of which the proofs of A.7 and A.8 speak (eqs. 42 and 43, there with (1 ± δ)², which is weaker).

    Raises OverganError if a number is out of range: draws ≥ 1, 0 ≤ δ ≤ 3/2, η ≥ 0, 0 < u < k/3.
    """
    check(draws >= 1, "draws", draws, "at least 1")
    check(0 <= delta <= 1.5, "delta", delta, "from 0 to 3/2, the lemmas' range")
    check(eta >= 0, "eta", eta, "at least 0")
    radius = float(np.sqrt(k) / 100) if radius is None else radius
    u = (2 * k * radius) ** (2 / 3)
    check(0 < u < k / 3, "radius", radius, "positive and below √(k/27)/2, or the log is negative")
    rows = [_sides(ShallowGAN.gaussian(n, d, m, k, seed=seed + draw), delta, eta, radius) for draw in range(draws)]
    return tuple(
        Lemma(number, statement, *(np.array([row[number][side] for row in rows]) for side in (0, 1)))
        for number, statement in STATEMENTS.items()
    )


def _sides(problem: ShallowGAN, delta: float, eta: float, radius: float) -> dict[str, tuple[Side, Side]]:
    (n, d), (m, k) = problem.Z.shape, problem.V.shape
    root = np.sqrt((d + (n - 1) / np.pi) / (2 * n))  # √(q/2)
    expected = (n * root) ** 2
    squares = ((n * mean_gradients(problem.Z, problem.W0)) ** 2).sum(1)
    low, high = (1 - delta) * expected, (1 + delta) * expected
    spectrum = np.sqrt(np.maximum(np.linalg.eigvalsh(jacobian_gram(problem.Z, problem.V, problem.W0)), 0.0))
    inside = (1 - delta) ** 2 * k - (1 + delta) ** 2
    lowest = (np.sqrt(max(inside, 0.0)) - np.sqrt(m) * (1 + eta) * (1 + delta)) * root
    highest = (1 + delta) * (np.sqrt(k) + 2 * np.sqrt(m)) * root
    misfit = float(np.linalg.norm(generated_mean(problem.Z, problem.V, problem.W0) - problem.target))
    allowed = (1 + delta) * np.sqrt(k * d * m / (2 * np.pi)) + np.linalg.norm(problem.target)
    u = (2 * k * radius) ** (2 / 3)
    single = replace(problem, Z=problem.Z[:1])
    change = np.linalg.norm(single.Z) * (2 * np.sqrt(m) + np.sqrt(6 * u * np.log(k / (3 * u))))
    return {
        "A.6 lower": (np.broadcast_to(low, k), squares),
        "A.6 upper": (squares, np.broadcast_to(high, k)),
        "A.6 lower, all": (low, squares.min()),
        "A.6 upper, all": (squares.max(), high),
        "A.7": (lowest, spectrum[0]),
        "A.8": (spectrum[-1], highest),
        "A.9 attained": (_turned(single, radius), change),
        "A.9 all W": (ball_bound(single, radius).change(radius), change),
        "A.10": (misfit, allowed),
    }


def _turned(single: ShallowGAN, radius: float) -> float:
    """‖J(W; z) − J(W_0; z)‖ = ‖z‖ ‖V_U‖ if the units U change their sign at z: those that need the least movement."""
    z = single.Z[0]
    needed = np.abs(single.W0 @ z) / np.linalg.norm(z)
    nearest = np.argsort(needed)
    turned = nearest[: np.searchsorted(np.cumsum(needed[nearest] ** 2), radius**2)]
    return float(np.linalg.norm(z) * np.linalg.norm(single.V[:, turned], 2)) if len(turned) else 0.0
