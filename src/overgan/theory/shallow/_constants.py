"""The constants that Theorems 2.1 and 2.2 and their proofs use."""

from dataclasses import dataclass

import numpy as np

from overgan.check import check


@dataclass(frozen=True)
class PaperConstants:
    """What the proofs of Theorems 2.1 and 2.2 take for Gaussian Z, V and W_0, with the step sizes and rates they give.

    alpha is negative where k is too small for the proof to say anything; epsilon and the widths are the proof's too.
    largest_target: the ‖x̄‖ up to which the theorems' condition on the standard deviations holds.
    failure: the part of the theorems' probability of failure that is known. From 1 on they say nothing.
    """

    alpha: float
    beta: float
    gamma: float
    epsilon: float
    gda_eta: float
    gda_rate: float
    optimal_eta: float
    optimal_rate: float
    least_width: float
    largest_target: float
    failure: float


def paper_constants(
    n: int,
    d: int,
    m: int,
    k: int,
    *,
    sigma_z: float = 1.0,
    sigma_v: float = 1.0,
    sigma_w: float = 1.0,
    mu: float = 1.0,
    eta_bar: float = 1.0,
) -> PaperConstants:
    """The constants of Appendix A.6, with q = (d + (n − 1)/π)/n.

    α = σvσz (½√(k − 9) − 2√m) √(q/2), β = 3σvσz (√k + 2√m) √(q/2), γ = 5.
    Theorem 2.1: η = η̄μ/(324 k q σv²σz²), rate 1 − 10⁻⁵ η̄μ. Theorem 2.2: η = η̄/(243 k q σv²σz²), rate 1 − 4·10⁻⁶ η̄.
    least_width: (210000)² m d, below which the proof (after eq. 36) does not go through; it also needs the unspecified
    k ≥ C m d⁴ log(d)³.

    largest_target: both theorems need σvσwσz ≥ ‖x̄‖/(m d^{5/2} log(d)^{3/2}), which with k ≥ C m d⁴ log(d)³ is what the
    last line of the proof needs, (d log d)^{3/2} ‖x̄‖ ≤ c k σvσwσz. At d = 1 it is 0, as log d is.
    failure: both hold with probability at least 1 − (n + 5) e^{−m/1500} − (2k + 2) e^{−d/216} − 5k e^{−c₁n}
    − n e^{−c₂ m d³ log(d)²}; c₁ and c₂ are not given, so the sum of the first two terms is the least that it can be.
    They are lemmas A.7 to A.10 at δ = ½, η = ⅓ (A.10 at δ = ⅓, for m/1500), each event once: 3 + 1 + n + 1 terms in m,
    2k for D_l and 2 for ‖Z‖ and ‖W_0‖ in d. (Read; the exponents are garbled in our copy, and agree with the lemmas'.)

    Raises OverganError if a size is less than 1 (10 for k), a deviation is not positive, or a step is not in (0, 1].
    """
    for name, size, least in (("n", n, 1), ("d", d, 1), ("m", m, 1), ("k", k, 10)):
        check(size >= least, name, size, f"at least {least}")
    for name, sigma in (("sigma_z", sigma_z), ("sigma_v", sigma_v), ("sigma_w", sigma_w)):
        check(0 < sigma < np.inf, name, sigma, "positive and finite")
    for name, step in (("mu", mu), ("eta_bar", eta_bar)):
        check(0 < step <= 1, name, step, "greater than 0 and at most 1")
    q, scale = (d + (n - 1) / np.pi) / n, sigma_v * sigma_z
    alpha = scale * (np.sqrt(k - 9) / 2 - 2 * np.sqrt(m)) * np.sqrt(q / 2)
    beta = 3 * scale * (np.sqrt(k) + 2 * np.sqrt(m)) * np.sqrt(q / 2)
    return PaperConstants(
        alpha=float(alpha),
        beta=float(beta),
        gamma=5.0,
        epsilon=float(alpha**2 / (20 * beta)),
        gda_eta=float(eta_bar * mu / (324 * k * q * scale**2)),
        gda_rate=1 - 1e-5 * eta_bar * mu,
        optimal_eta=float(eta_bar / (243 * k * q * scale**2)),
        optimal_rate=1 - 4e-6 * eta_bar,
        least_width=210_000.0**2 * m * d,
        largest_target=float(scale * sigma_w * m * d**2.5 * np.log(d) ** 1.5),
        failure=float((n + 5) * np.exp(-m / 1500) + (2 * k + 2) * np.exp(-d / 216)),
    )
