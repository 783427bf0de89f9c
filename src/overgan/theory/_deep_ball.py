"""How much J can change within a ball around θ_0 of a deep generator: estimates, by sampling and by ascent."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._initial import pull_back


class BallEstimate(NamedTuple):
    """The largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ that were found for ‖θ − θ_0‖ ≤ radius: lower bounds, not proofs."""

    radius: float
    epsilon: float
    beta: float


def ball_estimate(
    problem: DeepFeatureGAN, radius: float, *, samples: int = 4, ascent_steps: int = 10, seed: int = 0
) -> BallEstimate:
    """Seek the largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ on the ball of that radius.

    samples: points of the sphere, drawn from `seed`, at which both norms are exact. In turn their directions from θ_0
        are uniform, and J_0ᵀ g with Gaussian g: where GDA may go at first.
    ascent_steps: of each ascent from a sample. With D = J(θ) − J_0, or J(θ), it climbs on ½‖Dᵀu‖² over θ in the
        ball and unit u, each going to where the objective's linearization is largest: u to D Dᵀ u, as in power
        iteration, and θ − θ_0 along the gradient, the Hessian of uᵀf times Dᵀu. That vanishes where J is piecewise
        constant, as with one trained layer before a ReLU; then the samples are all there is.

    Every value is attained in the ball, so it is below the supremum up to rounding; by how much is not known.

    Raises ValueError if radius is negative or not finite, samples less than 1 or ascent_steps negative.
    """
    from overgan.theory._deep_ascent import climb  # here, because PyTorch takes seconds
    from overgan.theory._deep_autograd import grams

    for name, holds, needed in (
        ("radius", 0 <= radius < np.inf, "at least 0 and finite"),
        ("samples", samples >= 1, "at least 1"),
        ("ascent_steps", ascent_steps >= 0, "at least 0"),
    ):
        if not holds:
            raise ValueError(f"{name} is {locals()[name]}; it must be {needed}")
    norms = np.zeros(2)  # of J(θ) and of J(θ) − J_0
    for theta in ball_samples(problem, radius, samples, seed):
        for which, gram in enumerate(grams(problem, theta, problem.theta0)):
            squares, vectors = np.linalg.eigh(gram)
            found = float(np.sqrt(max(squares[-1], 0.0)))
            if found:
                found = max(found, climb(problem, theta, vectors[:, -1], radius, ascent_steps, from_origin=bool(which)))
            norms[which] = max(norms[which], found)
    beta, epsilon = norms.tolist()
    return BallEstimate(float(radius), epsilon, beta)


def ball_samples(problem: DeepFeatureGAN, radius: float, samples: int, seed: int) -> Float[np.ndarray, "samples p"]:
    """The points of the sphere of that radius around θ_0 that `ball_estimate` looks at."""
    random = np.random.default_rng(seed)
    pull = pull_back(problem)
    points = np.empty((samples, len(problem.theta0)))
    for i, point in enumerate(points):
        g = random.standard_normal(len(problem.target))
        direction = pull(g) if i % 2 else random.standard_normal(len(point))
        length = np.linalg.norm(direction)
        point[:] = problem.theta0 + (radius / length if length else 0.0) * direction
    return points
