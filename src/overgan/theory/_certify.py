"""Whether Theorem A.4 proves that GDA converges for a given GAN, and what a run really did."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from overgan.theory._ball import ball_bound, norm_bound
from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._deep_ball import ball_estimate
from overgan.theory._geometry import mean_gradients
from overgan.theory._initial import Problem, initial_weights, pull_back
from overgan.theory._linearize import Linearization, growth, linearize
from overgan.theory._simulate import Trajectory, _check
from overgan.theory._theorem import (
    Certificate,
    Claim,
    allowed_ball,
    beta_gamma,
    conditions,
    lowest,
    radius,
    smallest_ball,
)

BALLS = 10  # at most, that are looked at for an estimate
BEYOND = 1.01  # how much larger than eq. 24 asks for the next one is, so that it can meet it


def certify(
    problem: Problem, mu: float = 1.0, eta: float | None = None, *, trajectory: Trajectory | None = None
) -> Certificate:
    """Check the conditions of Theorem A.4 for GDA from W_0, or θ_0, and d_0 = 0.

    α and ‖J_0‖ are exact. ε is the proven bound of `ball_bound` on ‖J(W) − J(W_0)‖ over the ball of radius R, β the
    lesser of ‖J_0‖ + ε and of a bound on ‖J(W)‖ for all W, and R is eq. 24. As R depends on ε and β, and they on R, the
    least consistent values are taken: if they do not meet the conditions, no others do, with this bound. γ is
    `Linearization.growth`, which serves the theorem's proof as the paper's 5 does, and is at most 1.88.

    eta=None takes the largest step that the theorem allows on the whole ball, μ/(8β²). `default_eta`, which looks at
    the initialization only, is slightly larger, and fails that condition unless ε = 0.

    For a DeepFeatureGAN ε and β are those of `ball_estimate`, the largest that were found on the ball, so that R and
    all conditions are estimates, and nothing is proven.

    trajectory: of `simulate`'s GDA with recorded steps. Then β and ε are the largest at the recorded iterates, R is
    eq. 24 for them, and `claims` has (25) to (28) at each recorded step. It is a measurement and proves nothing.

    Raises ValueError if mu or eta is out of range, or the trajectory is not of GDA, not of this problem's sizes, of
    other step sizes than those given, or has no recorded step.
    """
    if trajectory is not None:
        return _measured(problem, mu, eta, trajectory)
    if isinstance(problem, DeepFeatureGAN):
        return _estimated(problem, mu, eta)
    linear = linearize(problem, mu, eta)
    largest = norm_bound(problem)
    allowed, reach = allowed_ball(linear, eta, largest)
    bound = ball_bound(problem, reach if reach < np.linalg.norm(problem.W0, axis=1).max() else np.inf)
    over = bound.change(reach) / allowed if allowed > 0 else np.inf
    r, epsilon, beta = smallest_ball(linear, eta, bound.change, largest)
    if r > bound.reach:
        r, epsilon, beta = smallest_ball(linear, eta, ball_bound(problem).change, largest)
    if eta is None and beta > 0:
        linear = replace(linear, eta=mu / (8 * beta**2))
    return _certificate(linear, epsilon, beta, r, over, "proven")


def check_claims(problem: Problem, certificate: Certificate, trajectory: Trajectory) -> tuple[Claim, ...]:
    """(25) to (28) with the certificate's constants at the trajectory's recorded steps.

    Of (26) both bounds are there, that of the step t and the one for all steps. The allowance is for rounding alone.

    Raises ValueError if the trajectory is not of GDA with the certificate's step sizes.
    """
    _check_run(problem, trajectory, certificate.mu, certificate.eta)
    linear = linearize(problem, certificate.mu, certificate.eta)
    c, t, size = certificate, trajectory.recorded_steps, certificate.initial_state
    state = np.concatenate([trajectory.recorded_residual, trajectory.recorded_d], 1)
    start, pull, sums = initial_weights(problem), pull_back(problem), linear.discriminator_sum(t)
    moved, apart = np.empty(len(t)), np.empty(len(t))
    for i, W in enumerate(trajectory.recorded_W):
        change = W - start
        moved[i] = np.linalg.norm(change)
        apart[i] = np.linalg.norm(change + c.eta * pull(sums[i]))
    with np.errstate(invalid="ignore"):  # 0 · inf
        growing = 2 * c.eta * c.gamma**2 * c.beta * c.epsilon * t * c.rate ** np.maximum(t - 1.0, 0) * size
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


def jacobian_norms(problem: Problem, W: Float[np.ndarray, "*weights"]) -> tuple[float, float]:
    """‖J(W)‖ and ‖J(W) − J(W_0)‖, exactly; for the shallow GAN the latter is ‖V diag(‖s_l(W) − s_l(W_0)‖)‖."""
    if isinstance(problem, DeepFeatureGAN):
        from overgan.theory._deep_autograd import grams

        of_both = grams(problem, W, problem.theta0)
    else:
        s, s_0 = mean_gradients(problem.Z, W), mean_gradients(problem.Z, problem.W0)
        of_both = np.array([(problem.V * ((x**2).sum(1))) @ problem.V.T for x in (s, s - s_0)])
    first, second = np.sqrt(np.maximum(np.linalg.eigvalsh(of_both)[:, -1], 0.0))
    return float(first), float(second)


def _measured(problem: Problem, mu: float, eta: float | None, trajectory: Trajectory) -> Certificate:
    _check_run(problem, trajectory, mu, trajectory.eta if eta is None else eta)
    _check(len(trajectory.recorded_steps) > 0, "trajectory", "without recorded steps", "of simulate(…, record=…)")
    linear = linearize(problem, mu, trajectory.eta)
    norms, changes = zip(*(jacobian_norms(problem, W) for W in trajectory.recorded_W), strict=True)
    beta, epsilon = max(*norms, float(np.sqrt(linear.eigenvalues[-1]))), max(changes)
    r = radius(linear, beta, epsilon, linear.growth)
    over = epsilon * 4 * linear.growth * beta / max(lowest(linear), 1e-300) ** 2
    certificate = _certificate(linear, epsilon, beta, r, over, "measured")
    return replace(certificate, claims=check_claims(problem, certificate, trajectory))


def _estimated(problem: DeepFeatureGAN, mu: float, eta: float | None) -> Certificate:
    """On balls that grow until eq. 24 is met, or 4γβε ≤ α² fails, as it then does on every larger one."""
    linear = linearize(problem, mu, eta)
    alpha, norm = lowest(linear), float(np.sqrt(linear.eigenvalues[-1]))
    allowed, reach = allowed_ball(linear, eta, np.inf)
    excess = ball_estimate(problem, reach).epsilon / allowed if allowed > 0 else np.inf
    r, epsilon, largest = 0.0, 0.0, norm
    for _ in range(BALLS):
        beta, gamma = beta_gamma(linear, eta, epsilon, largest)
        needed = radius(linear, beta, epsilon, gamma)
        if needed <= r or not np.isfinite(needed) or 4 * gamma * beta * epsilon > alpha**2:
            break
        r = BEYOND * needed
        found = ball_estimate(problem, r)
        epsilon, largest = max(epsilon, found.epsilon), max(largest, found.beta)
    beta, _ = beta_gamma(linear, eta, epsilon, largest)
    if eta is None and beta > 0:
        linear = replace(linear, eta=mu / (8 * beta**2) * (1 - 1e-12))
    return _certificate(linear, epsilon, beta, r, excess, "estimated")


def _certificate(linear: Linearization, epsilon: float, beta: float, r: float, over: float, basis: str) -> Certificate:
    alpha, gamma = lowest(linear), growth(float(linear.eta * linear.eigenvalues[-1] / linear.mu))
    constants = linear.mu, linear.eta, alpha, beta, epsilon
    rows = conditions(*constants, gamma, r, needed=radius(linear, beta, epsilon, gamma))
    size = float(np.linalg.norm(np.concatenate([linear.r_0, linear.d_0])))
    return Certificate(*constants, r, gamma, size, float(np.sqrt(linear.eigenvalues[-1])), over, basis, rows)


def _check_run(problem: Problem, trajectory: Trajectory, mu: float, eta: float) -> None:
    _check(trajectory.method == "gda", "trajectory", f"of the method {trajectory.method!r}", "of 'gda'")
    of_ours = trajectory.W.shape == initial_weights(problem).shape
    _check(of_ours, "trajectory", f"of weights of shape {trajectory.W.shape}", "of the problem's")
    _check(trajectory.mu == mu, "mu", mu, f"the trajectory's, {trajectory.mu}")
    _check(trajectory.eta == eta, "eta", eta, f"the trajectory's, {trajectory.eta}")
