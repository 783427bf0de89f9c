"""Whether Theorems A.4 and A.11 prove that training converges for a given GAN, and what a run really did."""

from dataclasses import replace
from typing import Literal, get_args, overload

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.theory._balls import HUGE, allowed_ball, grown_ball, radius, smallest_ball
from overgan.theory._claims import check_claims, check_run
from overgan.theory._conditions import MEASURED
from overgan.theory._linearize import Linearization, linearize
from overgan.theory._optimal import OptimalCertificate
from overgan.theory._problem import Problem, largest_eta
from overgan.theory._simulate import Trajectory
from overgan.theory._theorem import Certificate

Certified = Literal["gda", "optimal"]
Discriminator = Float[np.ndarray, " m"]


@overload
def certify(
    problem: Problem,
    mu: float = 1.0,
    eta: float | None = None,
    *,
    method: Literal["gda"] = "gda",
    d0: Discriminator | None = None,
    trajectory: Trajectory | None = None,
) -> Certificate: ...


@overload
def certify(
    problem: Problem,
    mu: float = 1.0,
    eta: float | None = None,
    *,
    method: Literal["optimal"],
    trajectory: Trajectory | None = None,
) -> OptimalCertificate: ...


@overload
def certify(
    problem: Problem, mu: float = 1.0, eta: float | None = None, *, method: Certified
) -> Certificate | OptimalCertificate: ...


def certify(
    problem: Problem,
    mu: float = 1.0,
    eta: float | None = None,
    *,
    method: Certified = "gda",
    d0: Discriminator | None = None,
    trajectory: Trajectory | None = None,
) -> Certificate | OptimalCertificate:
    """Check the conditions of Theorem A.4 for GDA from W_0, or θ_0, and d_0, or those of A.11.

    method: "gda", or "optimal" for the best discriminator at every step, which Theorem A.11 is about: it has a
        certificate of its own, `OptimalCertificate`, and neither mu nor d0 mean anything to it.
    d0: initial weights of the discriminator, (m,); by default 0, or the trajectory's.

    *GDA.* α and ‖J_0‖ are exact. ε is the proven bound of `ball_bound` on ‖J(W) − J(W_0)‖ over the ball of radius R, β
    the lesser of ‖J_0‖ + ε and of a bound on ‖J(W)‖ for all W, and R is eq. 24. As R depends on ε and β, and they on R,
    the least consistent values are taken: if they do not meet the conditions, no others do, with this bound. γ is
    `Linearization.growth`, which serves the theorem's proof as the paper's 5 does, and is at most 1.88.

    *Optimal.* α is half of σ_min(J_0), R = 3‖r_0‖/α (37), and ε and β are the same bounds on that ball.

    eta=None takes the largest step that the theorem allows on the whole ball, μ/(8β²) or 1/(2β²). `default_eta`, which
    looks at the initialization only, is slightly larger, and fails that condition unless ε = 0.

    For a `DeepFeatureGAN` ε and β are those of `ball_estimate`, the largest that were found on the ball, so that R and
    all conditions are estimates, and nothing is proven.

    trajectory: of `simulate` with that method and recorded steps. Then β and ε are the largest at the recorded
    iterates, R is eq. 24, or (37), for them, and `claims` has the theorem's at each recorded step. It is a measurement
    and proves nothing.

    Raises OverganError if mu or eta is out of range, d0 is of another shape, not finite, or given with "optimal", or
    the trajectory is not of that method, not of this problem's sizes, of other step sizes or another d0 than those
    given, or has no recorded step.
    """
    check(method in get_args(Certified), "method", method, f"one of {', '.join(get_args(Certified))}")
    no_d0 = "None for the method 'optimal', whose d is the best one"
    check(d0 is None or method == "gda", "d0", "given", no_d0)
    if trajectory is not None:
        d0 = trajectory.d0 if d0 is None and method == "gda" else d0
        check_run(
            problem, trajectory, method, trajectory.eta if eta is None else eta, mu if method == "gda" else None, d0
        )
        check(len(trajectory.recorded_steps) > 0, "trajectory", "without recorded steps", "of simulate(…, record=…)")
        eta = trajectory.eta
    linear = linearize(problem, mu, eta, d0=d0)
    found = _by_gda if method == "gda" else _by_optimal
    certificate = found(problem, linear, eta, trajectory)
    if trajectory is None:
        return certificate
    return replace(certificate, claims=check_claims(problem, certificate, trajectory))


def _by_gda(problem: Problem, linear: Linearization, eta: float | None, trajectory: Trajectory | None) -> Certificate:
    """What Theorem A.4 says on the ball, or on the iterates of a run."""
    if trajectory is not None:
        epsilon, beta = _largest(problem, linear, trajectory)
        excess = epsilon * 4 * linear.growth * beta / linear.alpha**2 if linear.alpha > 0 else np.inf
        return _assemble(linear, epsilon, beta, radius(linear, beta, epsilon, linear.growth), excess, MEASURED)
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
        linear = replace(linear, eta=linear.mu / (8 * beta**2))
    return _assemble(linear, epsilon, beta, r, excess, problem.basis)


def _by_optimal(
    problem: Problem, linear: Linearization, eta: float | None, trajectory: Trajectory | None
) -> OptimalCertificate:
    """What Theorem A.11 says on the ball, or on the iterates of a run."""
    alpha, size = linear.alpha / 2, float(np.linalg.norm(linear.r_0))
    r = 0.0 if size == 0 else 3 * size / alpha if 3 * size < HUGE * alpha else np.inf
    if trajectory is not None:
        epsilon, beta = _largest(problem, linear, trajectory)
    elif np.isinf(r) and problem.basis == "estimated":  # there is no infinite ball to look at
        epsilon = beta = np.inf
    else:
        epsilon, largest = problem.ball(r)(r)
        beta = min(linear.norm + epsilon, max(largest, linear.norm))
    if eta is None:
        eta = 1 / (2 * beta**2) if 0 < beta < np.inf else largest_eta(linear.gram, "optimal", 1.0)
    basis = problem.basis if trajectory is None else MEASURED
    return OptimalCertificate(eta, alpha, beta, epsilon, r, size, linear.norm, basis)


def jacobian_norms(problem: Problem, W: Float[np.ndarray, "*weights"]) -> tuple[float, float]:
    """‖J(W)‖ and ‖J(W) − J(W_0)‖, exactly; for the shallow GAN the latter is ‖V diag(‖s_l(W) − s_l(W_0)‖)‖."""
    first, second = np.sqrt(np.maximum(np.linalg.eigvalsh(problem.grams(W, problem.start))[:, -1], 0.0))
    return float(first), float(second)


def _largest(problem: Problem, linear: Linearization, trajectory: Trajectory) -> tuple[float, float]:
    """The largest ‖J − J_0‖ and ‖J‖ at the recorded iterates."""
    norms, changes = zip(*(jacobian_norms(problem, W) for W in trajectory.recorded_W), strict=True)
    return max(changes), max(*norms, linear.norm)


def _assemble(linear: Linearization, epsilon: float, beta: float, r: float, excess: float, basis: str) -> Certificate:
    constants = linear.mu, linear.eta, linear.alpha, beta, epsilon, r
    needed = radius(linear, beta, epsilon, linear.growth)
    size = float(np.linalg.norm(np.concatenate([linear.r_0, linear.d_0])))
    return Certificate(*constants, needed, linear.growth, linear.d_0, size, linear.norm, excess, basis)
