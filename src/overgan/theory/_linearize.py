"""The linearized GDA of Appendix A.2 and A.3: its spectrum and its states at any time, in closed form."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import exprel

from overgan.check import check
from overgan.theory._lemmas import condition_numbers, growth, log_radii
from overgan.theory._problem import (
    Problem,
    check_size,
    check_step_sizes,
    check_values,
    initial_discriminator,
    largest_eta,
)
from overgan.words import brief


@dataclass(frozen=True, eq=False, repr=False)
class Linearization:
    """z̃_{t+1} = A z̃_t of the state z = (r, d), the residual and the discriminator's weights (eq. 21).

    gram: J_0 J_0ᵀ, symmetric and positive semidefinite, of any generator. r_0, d_0: the state at t = 0.
    mu, eta: step sizes of the discriminator and the generator.

    In the eigenbasis of the Gram matrix A falls into m blocks C = [[1, −η s], [μ, 1 − μ]], one for each eigenvalue s.
    With c = 1 − μ/2 and N = C − c, N² = (μ²/4 − μηs) I = ω² I, so Cᵗ = E_t I + O_t N, where E_t and O_t are the even
    and odd part in ω of (c + ω)ᵗ, the latter divided by ω. It has no cancellation where both eigenvalues meet (ω = 0).

    Raises OverganError, naming the argument, if a shape does not fit, the Gram matrix is not symmetric positive
    semidefinite, mu is not in (0, 1] or eta is not positive and finite.
    """

    gram: Float[np.ndarray, "m m"]
    r_0: Float[np.ndarray, " m"]
    d_0: Float[np.ndarray, " m"]
    mu: float
    eta: float

    def __post_init__(self) -> None:
        m = len(self.r_0)
        for name, shape in (("gram", (m, m)), ("r_0", (m,)), ("d_0", (m,))):
            given = getattr(self, name)
            check(given.shape == shape, name, f"of shape {given.shape}", f"of shape {shape} from r_0")
            check_values(name, given)
        check_step_sizes(self.mu, self.eta)
        size, skew = (float(np.abs(part).max()) for part in (self.gram, self.gram - self.gram.T))
        check(skew <= 1e-10 * size, "gram", f"asymmetric by {skew}", "symmetric")
        least = float(np.linalg.eigvalsh(self.gram)[0])
        check(least >= -1e-10 * m * size, "gram", f"with the eigenvalue {least}", "positive semidefinite")

    def __repr__(self) -> str:
        return brief(self, m=len(self.r_0), mu=self.mu, eta=self.eta)

    @cached_property
    def eigen(self) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m m"]]:
        """The eigenvalues of J_0 J_0ᵀ, ascending, and an orthonormal basis of eigenvectors, its columns."""
        s, basis = np.linalg.eigh(self.gram)
        return np.maximum(s, 0.0), basis  # negative ones are rounding

    @property
    def eigenvalues(self) -> Float[np.ndarray, " m"]:
        """The eigenvalues of J_0 J_0ᵀ, ascending: the squared singular values of J_0."""
        return self.eigen[0]

    @property
    def norm(self) -> float:
        """‖J_0‖."""
        return float(np.sqrt(self.eigenvalues[-1]))

    @property
    def alpha(self) -> float:
        """α = σ_min(J_0), 0 if it is rounding."""
        s = self.eigenvalues
        return float(np.sqrt(s[0])) if s[0] > 1e-14 * len(s) * s[-1] else 0.0

    @cached_property
    def matrix(self) -> Float[np.ndarray, "state state"]:
        """A = [[I, −η J_0 J_0ᵀ], [μ I, (1 − μ) I]] (eq. 21)."""
        identity = np.eye(len(self.r_0))
        return np.block([[identity, -self.eta * self.gram], [self.mu * identity, (1 - self.mu) * identity]])

    @cached_property
    def spectral_radius(self) -> float:
        """The largest modulus of 1 − μ/2 ± √(μ²/4 − μηs) over the eigenvalues s (Lemma A.2)."""
        return float(np.exp(log_radii(self.eigenvalues, self.mu, self.eta).max()))

    @cached_property
    def gamma(self) -> float:
        """The largest condition number of the blocks' eigenvector matrices (Lemma A.3): ‖z̃_t‖ ≤ γ ρ(A)ᵗ ‖z_0‖.

        It is inf if two eigenvectors meet.
        """
        return float(condition_numbers(self.eta * self.eigenvalues / self.mu).max())

    @cached_property
    def growth(self) -> float:
        """A sharper γ, the least constant with ‖Aᵗ‖ ≤ growth · (1 − ηα²)ᵗ that the blocks give.

        α² is their least s. Where some ηs/μ ≥ ¼ it is inf. The proof is with Lemma A.3, in `_lemmas.growth`.
        """
        return growth(self.eta * float(self.eigenvalues[-1]) / self.mu)

    def state(self, t: ArrayLike) -> Float[np.ndarray, "*times state"]:
        """(r̃_t, d̃_t) at any t ≥ 0, an array of any shape: 2 m numbers each and one rotation from the eigenbasis.

        Overflows to inf where a diverging state does. Raises OverganError if some t is negative.
        """
        return np.concatenate([part @ self.eigen[1].T for part in self._blocks(np.asarray(t, np.float64))], -1)

    def residual_norm(self, t: ArrayLike) -> Float[np.ndarray, "*times"]:
        """‖r̃_t‖ at any t ≥ 0, an array of any shape: O(m) each."""
        r, _ = self._blocks(np.asarray(t, np.float64))
        return np.asarray(np.linalg.norm(r, axis=-1))  # np.linalg.norm makes a scalar of one time

    def discriminator_sum(self, t: ArrayLike) -> Float[np.ndarray, "*times m"]:
        """A vector D̃_t with J_0ᵀ D̃_t = J_0ᵀ Σ_{i<t} d̃_i: θ̃_t = θ_0 − η J_0ᵀ D̃_t, as r̃_t = r_0 − η J_0 J_0ᵀ D̃_t."""
        s, basis = self.eigen
        r, _ = self._blocks(np.asarray(t, np.float64))
        seen = s > 1e-14 * s[-1]
        change = np.where(seen, basis.T @ self.r_0 - r, 0.0)
        return np.asarray((change / (self.eta * np.where(seen, s, 1.0))) @ basis.T)

    def _blocks(self, t: Float[np.ndarray, "*times"]) -> tuple[np.ndarray, np.ndarray]:
        """r̃_t and d̃_t in the eigenbasis, (*times, m) each."""
        check((t >= 0).all(), "t", t, "at least 0")
        s, basis = self.eigen
        r, d = basis.T @ self.r_0, basis.T @ self.d_0
        c, product = 1 - self.mu / 2, self.mu * self.eta * s
        omega = np.sqrt(np.abs(self.mu**2 / 4 - product))
        real = product <= self.mu**2 / 4
        t = t[..., None]
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.exp(t * log_radii(s, self.mu, self.eta))
            # real: λ₁ᵗ (1 ± xᵗ)/2 with x = λ₂/λ₁; the odd part over ω is λ₁ᵗ t (−log x/2ω) exprel(t log x)
            first = c + np.where(real, omega, 0.0)
            part = np.where(real, 2 * omega / first, 0.0)  # 1 − x
            log_x = np.log1p(-np.minimum(part, 1 - 1e-16))
            slope = np.where(part > 0, -log_x / np.where(part > 0, part, 1.0), 1.0) / first  # −log x/2ω
            # complex: |λ|ᵗ cos(φt), and |λ|ᵗ sin(φt)/ω
            phi = np.where(real, 0.0, np.arctan2(omega, c))
            ratio = np.where(real, 0.0, phi / np.where(real, 1.0, omega))
            even = size * np.where(real, (1 + np.exp(t * log_x)) / 2, np.cos(phi * t))
            odd = size * t * np.where(real, slope * exprel(t * log_x), ratio * np.sinc(phi * t / np.pi))
            half = self.mu / 2
            moved = (even + half * odd) * r - self.eta * s * odd * d, self.mu * odd * r + (even - half * odd) * d
        blown = ~np.isfinite(size) & (np.abs(r) + np.abs(d) > 0)
        return np.where(blown, np.inf, moved[0]), np.where(blown, np.inf, moved[1])


class StepSizes(NamedTuple):
    """Step sizes, the spectral radius that they give, and how many times fewer steps that takes than the theorem's."""

    mu: float
    eta: float
    spectral_radius: float
    speedup: float


def linearize(
    problem: Problem, mu: float = 1.0, eta: float | None = None, *, d0: Float[np.ndarray, " m"] | None = None
) -> Linearization:
    """The linearization of GDA at W_0, or θ_0, and d_0. eta=None takes `default_eta`.

    d0: initial weights of the discriminator, (m,), 0 by default.

    Raises OverganError if mu is not in (0, 1], eta is not positive and finite, d0 of another shape or not finite, or if
    J_0, r_0 or d_0 are so small or large that their squares are not numbers of double precision.
    """
    check_step_sizes(mu, eta)
    d_0 = initial_discriminator(problem, d0)
    gram, residual = problem.grams(problem.start)[0], problem.at(problem.start).f - problem.target
    for name, part, limit in (("J_0 J_0ᵀ", gram, 1e160), ("f(θ_0) − x̄", residual, 1e130), ("d0", d_0, 1e130)):
        check_values(name, part)
        check_size(name, part, 1 / limit, limit)
    eta = largest_eta(gram, "gda", mu) if eta is None else eta
    return Linearization(gram, residual, d_0, float(mu), float(eta))


def best_step_sizes(problem: Problem) -> StepSizes:
    """The mu in (0, 1] and the eta that minimize the spectral radius: 1 and b/(a + b)², and the radius is b/(a + b).

    a, b: least and largest eigenvalue of J_0 J_0ᵀ. Both roots of λ² − (2 − μ) λ + 1 − μ + μηs lie within ρ if and only
    if (Jury) 1 − μ + μηs ≤ ρ² and (2 − μ) ρ ≤ ρ² + 1 − μ + μηs. For all s from a to b, with δ = 1 − ρ, this is
    μηb ≤ μ − 2δ + δ² and μηa ≥ δ (μ − δ). If μ ≤ δ, the first bound is at most δ² − δ < 0 and no η > 0 will do. If
    μ > δ, some η will do if and only if F(μ) = μ − 2δ + δ² − (b/a) δ (μ − δ) ≥ 0. F is linear in μ and F(δ) < 0, so
    that some μ ≤ 1 will do if and only if 1 will: F(1) = (1 − δ)(1 − (1 + b/a) δ) ≥ 0, that is δ ≤ a/(a + b).

    speedup: log ρ of these over log ρ of the theorem's step sizes, 1 and 1/(8b); near 8 for a ≪ b.

    Raises OverganError if J_0 has a rank less than m: then the spectral radius is 1 for all step sizes.
    """
    usual = linearize(problem)
    a, b = float(usual.eigenvalues[0]), float(usual.eigenvalues[-1])
    check(a > 1e-14 * b, "problem", f"{problem!r} with J_0 of a rank below m", "of full rank m")
    eta = b / (a + b) / (a + b)
    speedup = float(np.log1p(-a / (a + b)) / np.log(usual.spectral_radius))
    return StepSizes(1.0, eta, b / (a + b), speedup)
