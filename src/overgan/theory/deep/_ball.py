"""How much J can change within a ball around θ_0 of a deep generator: estimates, by sampling and by ascent."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from overgan.check import check
from overgan.theory._problem import Problem, Weights


class BallEstimate(NamedTuple):
    """The largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ that were found for ‖θ − θ_0‖ ≤ radius: lower bounds, not proofs."""

    radius: float
    epsilon: float
    beta: float


@runtime_checkable
class Climbable(Problem, Protocol):
    """A problem whose Jacobian can be differentiated, as that of a `DeepFeatureGAN`."""

    def climb(self, theta: Weights, u: Float[np.ndarray, " m"], radius: float, steps: int, from_origin: bool) -> float:
        """The largest ‖Dᵀu‖ on an ascent of so many steps from θ and unit u, within the ball of that radius.

        D = J(θ) − J_0 if from_origin, else J(θ).
        """


def ball_estimate(
    problem: Climbable, radius: float, *, samples: int = 4, ascent_steps: int = 10, seed: int = 0
) -> BallEstimate:
    """Seek the largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ on the ball of that radius.

    samples: points of the sphere, drawn from `seed`, at which both norms are exact. In turn their directions from θ_0
        are uniform, and J_0ᵀ g with Gaussian g: where GDA may go at first.
    ascent_steps: of each ascent from a sample. With D = J(θ) − J_0, or J(θ), it climbs on ½‖Dᵀu‖² over θ in the
        ball and unit u, each going to where the objective's linearization is largest: u to D Dᵀ u, as in power
        iteration, and θ − θ_0 along the gradient, the Hessian of uᵀf times Dᵀu. That vanishes where J is piecewise
        constant, as with one trained layer before a ReLU; then the samples are all there is.

    Every value is attained in the ball, so it is below the supremum up to rounding; by how much is not known.

    Raises OverganError if radius is negative or not finite, samples less than 1 or ascent_steps negative.
    """
    check(0 <= radius < np.inf, "radius", radius, "at least 0 and finite")
    check(samples >= 1, "samples", samples, "at least 1")
    check(ascent_steps >= 0, "ascent_steps", ascent_steps, "at least 0")
    norms = np.zeros(2)  # of J(θ) and of J(θ) − J_0
    for theta in ball_samples(problem, radius, samples, seed):
        for which, gram in enumerate(problem.grams(theta, problem.start)):
            squares, vectors = np.linalg.eigh(gram)
            found = float(np.sqrt(max(squares[-1], 0.0)))
            if found:
                found = max(found, problem.climb(theta, vectors[:, -1], radius, ascent_steps, bool(which)))
            norms[which] = max(norms[which], found)
    beta, epsilon = norms.tolist()
    return BallEstimate(float(radius), epsilon, beta)


def ball_samples(problem: Problem, radius: float, samples: int, seed: int) -> Float[np.ndarray, "samples p"]:
    """The points of the sphere of that radius around θ_0 that `ball_estimate` looks at."""
    random = np.random.default_rng(seed)
    pull = problem.at(problem.start).pull_back
    points = np.empty((samples, len(problem.start)))
    for i, point in enumerate(points):
        g = random.standard_normal(len(problem.target))
        direction = pull(g) if i % 2 else random.standard_normal(len(point))
        length = np.linalg.norm(direction)
        point[:] = problem.start + (radius / length if length else 0.0) * direction
    return points
