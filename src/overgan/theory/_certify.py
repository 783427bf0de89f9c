"""Whether Theorem A.4 proves that GDA converges for a given GAN, and what a run really did."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.theory._balls import allowed_ball, grown_ball, radius, smallest_ball
from overgan.theory._linearize import Linearization, linearize
from overgan.theory._problem import Problem
from overgan.theory._simulate import Trajectory
from overgan.theory._theorem import Certificate, check_claims, check_run


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

    For a `DeepFeatureGAN` ε and β are those of `ball_estimate`, the largest that were found on the ball, so that R and
    all conditions are estimates, and nothing is proven.

    trajectory: of `simulate`'s GDA with recorded steps. Then β and ε are the largest at the recorded iterates, R is
    eq. 24 for them, and `claims` has (25) to (28) at each recorded step. It is a measurement and proves nothing.

    Raises OverganError if mu or eta is out of range, or the trajectory is not of GDA, not of this problem's sizes, of
    other step sizes than those given, or has no recorded step.
    """
    if trajectory is not None:
        return _measured(problem, mu, eta, trajectory)
    linear = linearize(problem, mu, eta)
    allowed, reach = allowed_ball(linear, eta, problem.norm_bound())
    ball = problem.ball(reach)
    excess = ball(reach)[0] / allowed if allowed > 0 else np.inf
    if problem.basis == "proven":
        r, epsilon, beta = smallest_ball(linear, eta, ball)
        if np.isinf(epsilon):  # it is larger than the ones that were asked about
            r, epsilon, beta = smallest_ball(linear, eta, problem.ball(np.inf))
    else:
        r, epsilon, beta = grown_ball(linear, eta, ball)
    if eta is None and 0 < beta < np.inf:
        linear = replace(linear, eta=mu / (8 * beta**2))
    return _assemble(linear, epsilon, beta, r, excess, problem.basis)


def jacobian_norms(problem: Problem, W: Float[np.ndarray, "*weights"]) -> tuple[float, float]:
    """‖J(W)‖ and ‖J(W) − J(W_0)‖, exactly; for the shallow GAN the latter is ‖V diag(‖s_l(W) − s_l(W_0)‖)‖."""
    first, second = np.sqrt(np.maximum(np.linalg.eigvalsh(problem.grams(W, problem.start))[:, -1], 0.0))
    return float(first), float(second)


def _measured(problem: Problem, mu: float, eta: float | None, trajectory: Trajectory) -> Certificate:
    check_run(problem, trajectory, mu, trajectory.eta if eta is None else eta)
    check(len(trajectory.recorded_steps) > 0, "trajectory", "without recorded steps", "of simulate(…, record=…)")
    linear = linearize(problem, mu, trajectory.eta)
    norms, changes = zip(*(jacobian_norms(problem, W) for W in trajectory.recorded_W), strict=True)
    beta, epsilon = max(*norms, linear.norm), max(changes)
    r = radius(linear, beta, epsilon, linear.growth)
    excess = epsilon * 4 * linear.growth * beta / linear.alpha**2 if linear.alpha > 0 else np.inf
    certificate = _assemble(linear, epsilon, beta, r, excess, "measured")
    return replace(certificate, claims=check_claims(problem, certificate, trajectory))


def _assemble(linear: Linearization, epsilon: float, beta: float, r: float, excess: float, basis: str) -> Certificate:
    constants = linear.mu, linear.eta, linear.alpha, beta, epsilon, r
    needed = radius(linear, beta, epsilon, linear.growth)
    size = float(np.linalg.norm(np.concatenate([linear.r_0, linear.d_0])))
    return Certificate(*constants, needed, linear.growth, size, linear.norm, excess, basis)
