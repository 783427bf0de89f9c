"""How wide theory and simulation say a shallow GAN must be, and the constants that the paper's proofs use."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from overgan.theory._certify import certify
from overgan.theory._problem import ShallowGAN
from overgan.theory._simulate import _check, simulate


@dataclass(frozen=True)
class PaperConstants:
    """What the proofs of Theorems 2.1 and 2.2 take for Gaussian Z, V and W_0, with the step sizes and rates they give.

    alpha is negative where k is too small for the proof to say anything; epsilon and the widths are the proof's too.
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


def paper_constants(
    n: int,
    d: int,
    m: int,
    k: int,
    *,
    sigma_z: float = 1.0,
    sigma_v: float = 1.0,
    mu: float = 1.0,
    eta_bar: float = 1.0,
) -> PaperConstants:
    """Appendix A.6: α = σvσz (½√(k − 9) − 2√m) √(q/2), β = 3σvσz (√k + 2√m) √(q/2), q = (d + (n − 1)/π)/n, γ = 5.

    Theorem 2.1: η = η̄μ/(324 k q σv²σz²), rate 1 − 10⁻⁵ η̄μ. Theorem 2.2: η = η̄/(243 k q σv²σz²), rate 1 − 4·10⁻⁶ η̄.
    least_width: (210000)² m d, below which the proof (after eq. 36) does not go through; it also needs the unspecified
    k ≥ C m d⁴ log(d)³.

    Raises ValueError if a size is less than 1 (10 for k), a deviation is not positive, or a step is not in (0, 1].
    """
    for name, size, least in (("n", n, 1), ("d", d, 1), ("m", m, 1), ("k", k, 10)):
        _check(size >= least, name, size, f"at least {least}")
    for name, sigma in (("sigma_z", sigma_z), ("sigma_v", sigma_v)):
        _check(bool(np.isfinite(sigma)) and sigma > 0, name, sigma, "positive and finite")
    for name, step in (("mu", mu), ("eta_bar", eta_bar)):
        _check(0 < step <= 1, name, step, "greater than 0 and at most 1")
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
    )


def theory_width(family: Callable[[int], ShallowGAN], lowest: int = 1, highest: int = 1_000_000) -> int | None:
    """The width at which `certify` first holds, by doubling from `lowest` and then bisection; None above `highest`.

    family: the problem of each width k. Draws of one seed share their first units, as those of `ShallowGAN.gaussian`
    do, but whether a certificate holds need not be monotone in k: it holds at the width and not at the last one tried
    below it.

    Raises ValueError if lowest is less than 1 or above highest.
    """
    return _first(lambda k: certify(family(k)).holds, lowest, highest)


def simulation_width(
    family: Callable[[int], ShallowGAN],
    lowest: int = 1,
    highest: int = 1_000_000,
    *,
    steps: int = 20_000,
    tol: float = 1e-6,
) -> int | None:
    """As `theory_width`, where GDA with `default_eta` first brings the residual to `tol` times the first in `steps`."""
    return _first(lambda k: simulate(family(k), steps=steps, tol=tol, stop_early=True).converged, lowest, highest)


def paired(problem: ShallowGAN) -> ShallowGAN:
    """Twice as wide, each unit once with v_l and once with −v_l: f(W_0) = 0, so that only the target is to be learned.

    ‖r_0‖ = ‖x̄‖ then does not grow with k. As V is drawn symmetrically, each unit is distributed as before.
    """
    return replace(problem, V=np.hstack([problem.V, -problem.V]), W0=np.vstack([problem.W0, problem.W0]))


def _first(holds: Callable[[int], bool], lowest: int, highest: int) -> int | None:
    _check(1 <= lowest <= highest, "lowest", lowest, f"at least 1 and at most highest, {highest}")
    below, k = lowest - 1, lowest
    while not holds(k):
        if k == highest:
            return None
        below, k = k, min(2 * k, highest)
    while k - below > max(1, k // 50):  # to 2 %
        middle = (below + k) // 2
        below, k = (below, middle) if holds(middle) else (middle, k)
    return k
