"""What the theorems claim of a run, (25) to (28) of A.4 and (38) of A.11, at its recorded steps."""

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.theory._conditions import Claim
from overgan.theory._linearize import linearize
from overgan.theory._optimal import OptimalCertificate
from overgan.theory._problem import Method, Problem
from overgan.theory._simulate import Trajectory
from overgan.theory._theorem import Certificate


@np.errstate(over="ignore", invalid="ignore")  # a run may blow up; and 0 · inf
def check_claims(
    problem: Problem, certificate: Certificate | OptimalCertificate, trajectory: Trajectory
) -> tuple[Claim, ...]:
    """The theorem's claims with the certificate's constants at the trajectory's recorded steps.

    Of Theorem A.4, (25) to (28); of (26) both bounds are there, that of the step t and the one for all steps. Of
    Theorem A.11, (38), and that θ_t stays in the ball of (37). The allowance is for rounding alone.

    Raises OverganError if the trajectory is not of the certificate's method, step sizes and d_0.
    """
    c = certificate
    distance = np.array([np.linalg.norm(W - problem.start) for W in trajectory.recorded_W])
    still = 1e-12 * float(np.linalg.norm(problem.start))
    if isinstance(c, Certificate):
        check_run(problem, trajectory, "gda", c.eta, c.mu, c.d0)
        return _of_gda(problem, c, trajectory, distance, still)
    check_run(problem, trajectory, "optimal", c.eta)
    t = trajectory.recorded_steps
    norms = np.linalg.norm(trajectory.recorded_residual, axis=1)
    rounding, ball = _rounding(problem, c.initial_residual), np.full(len(t), c.radius)
    return (
        Claim("37", "‖θ_t − θ_0‖ ≤ R", t, distance, ball, still),
        Claim("38", "‖r_t‖ ≤ rateᵗ ‖r_0‖", t, norms, c.rate**t * c.initial_residual, rounding),
    )


def check_run(
    problem: Problem,
    trajectory: Trajectory,
    method: Method,
    eta: float,
    mu: float | None = None,
    d0: Float[np.ndarray, " m"] | None = None,
) -> None:
    """Raise OverganError unless the trajectory is of this method, on a problem of these sizes, with what is given."""
    check(trajectory.method == method, "trajectory", f"of the method {trajectory.method!r}", f"of {method!r}")
    given = trajectory.W.shape
    check(given == problem.start.shape, "trajectory", f"of weights of shape {given}", "of the problem's")
    check(mu is None or trajectory.mu == mu, "mu", mu, f"the trajectory's, {trajectory.mu}")
    check(trajectory.eta == eta, "eta", eta, f"the trajectory's, {trajectory.eta}")
    check(d0 is None or np.array_equal(trajectory.d0, d0), "d0", d0, f"the trajectory's, {trajectory.d0}")


def _of_gda(
    problem: Problem,
    c: Certificate,
    trajectory: Trajectory,
    distance: Float[np.ndarray, " recorded"],
    still: float,
) -> tuple[Claim, ...]:
    linear = linearize(problem, c.mu, c.eta, d0=c.d0)
    t, size = trajectory.recorded_steps, c.initial_state
    state = np.concatenate([trajectory.recorded_residual, trajectory.recorded_d], 1)
    pull, sums = problem.at(problem.start).pull_back, linear.discriminator_sum(t)
    steps = zip(trajectory.recorded_W, sums, strict=True)
    apart = np.array([np.linalg.norm(W - problem.start + c.eta * pull(total)) for W, total in steps])
    growing = 2 * c.eta * c.gamma**2 * c.beta * c.epsilon * t * c.rate ** np.maximum(t - 1.0, 0) * size
    drift = parted = np.inf
    if c.alpha > 0:
        drift = 4 * c.gamma**2 * c.beta * c.epsilon / (np.e * 15 * np.log(16 / 15) * c.alpha**2) * size
        ratio = c.gamma * c.beta / c.alpha
        parted = 9 * c.epsilon / c.alpha * ratio * ratio / c.alpha * size
    difference = np.linalg.norm(state - linear.state(t), axis=1)
    rounding, everywhere = _rounding(problem, size), np.ones(len(t))
    return (
        Claim("25", "‖z_t‖ ≤ γ rateᵗ ‖z_0‖", t, np.linalg.norm(state, axis=1), c.gamma * c.rate**t * size, rounding),
        Claim("26", "‖z_t − z̃_t‖ ≤ 2ηγ²βε t rateᵗ⁻¹ ‖z_0‖", t, difference, growing, rounding),
        Claim("26b", "‖z_t − z̃_t‖ ≤ 4γ²βε/(15e ln(16/15) α²) ‖z_0‖", t, difference, drift * everywhere, rounding),
        Claim("27", "‖θ_t − θ̃_t‖ ≤ 9εβ²γ²/α⁴ ‖z_0‖", t, apart, parted * everywhere, still),
        Claim("28", "‖θ_t − θ_0‖ ≤ R/2", t, distance, c.radius / 2 * everywhere, still),
    )


def _rounding(problem: Problem, size: float) -> float:
    """Of a residual in a run whose first state has that size."""
    return 1e-12 * (size + 2 * float(np.linalg.norm(problem.target)))
