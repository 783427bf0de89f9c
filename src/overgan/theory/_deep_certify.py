"""Theorem A.4 for a deep generator, with estimates of ε and β: a check that may fail, never a proof."""

from dataclasses import replace

import numpy as np

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._linearize import linearize
from overgan.theory._theorem import Certificate, _beta_gamma, allowed_ball, certificate, lowest, radius

BALLS = 10  # tried at most
BEYOND = 1.01  # how much larger than eq. 24 asks for the next ball is, so that it can meet it


def certify_deep(problem: DeepFeatureGAN, mu: float, eta: float | None) -> Certificate:
    """The certificate with ε and β from `ball_estimate`, on balls that grow until eq. 24 is met.

    It ends at the first ball on which 4γβε ≤ α² fails: ε and β of any larger one are at least as large.
    """
    from overgan.theory._deep_ball import ball_estimate

    linear = linearize(problem, mu, eta)
    alpha, norm = lowest(linear), float(np.sqrt(linear.eigenvalues[-1]))
    allowed, reach = allowed_ball(linear, eta, np.inf)
    excess = ball_estimate(problem, reach).epsilon / allowed if allowed > 0 else np.inf
    r, epsilon, largest = 0.0, 0.0, norm
    for _ in range(BALLS):
        beta, gamma = _beta_gamma(linear, eta, epsilon, largest)
        needed = radius(linear, beta, epsilon, gamma)
        if needed <= r or not np.isfinite(needed) or 4 * gamma * beta * epsilon > alpha**2:
            break
        r = BEYOND * needed
        found = ball_estimate(problem, r)
        epsilon, largest = max(epsilon, found.epsilon), max(largest, found.beta)
    beta, _ = _beta_gamma(linear, eta, epsilon, largest)
    if eta is None and beta > 0:
        linear = replace(linear, eta=mu / (8 * beta**2))
    return certificate(linear, epsilon, beta, r, excess, "estimated")
