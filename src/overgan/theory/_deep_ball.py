"""How much J can change within a ball around θ_0 of a deep generator: estimates, by sampling and by ascent."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._deep_autograd import evaluator, grams, mean_features, parameters


class BallEstimate(NamedTuple):
    """The largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ that were found for ‖θ − θ_0‖ ≤ radius: lower bounds, not proofs."""

    radius: float
    epsilon: float
    beta: float


def ball_estimate(
    problem: DeepFeatureGAN, radius: float, *, samples: int = 4, ascent_steps: int = 20, seed: int = 0
) -> BallEstimate:
    """Seek the largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ on the ball of that radius.

    samples: points of the sphere, drawn from `seed`, at which both norms are exact. In turn their directions from θ_0 are
        uniform, and J_0ᵀ g with Gaussian g: where GDA may go at first.
    ascent_steps: of each ascent from the best sample. With D = J(θ) − J_0, or J(θ), an ascent climbs on ½‖Dᵀu‖² over θ in
        the ball and unit u, each set to where the objective's linearization is largest: u along D Dᵀ u, as in power
        iteration, θ − θ_0 along the gradient, Hessians of uᵀf times Dᵀu. They vanish where J is piecewise
        constant, as with one trained layer before a ReLU; then the samples are all there is.

    Every value is attained at a point of the ball, so it is below the supremum up to rounding, by how much is not known.
    Raises ValueError if radius is negative or not finite, samples less than 1 or ascent_steps negative.
    """
    for name, holds, needed in (
        ("radius", 0 <= radius < np.inf, "at least 0 and finite"),
        ("samples", samples >= 1, "at least 1"),
        ("ascent_steps", ascent_steps >= 0, "at least 0"),
    ):
        if not holds:
            raise ValueError(f"{name} is {locals()[name]}; it must be {needed}")
    best = [(0.0, problem.theta0, np.zeros(len(problem.target)))] * 2  # norm, θ and u, of J(θ) and of J(θ) − J_0
    for theta in ball_samples(problem, radius, samples, seed):
        for which, gram in enumerate(grams(problem, theta, problem.theta0)):
            squares, vectors = np.linalg.eigh(gram)
            norm = float(np.sqrt(max(squares[-1], 0.0)))
            if norm > best[which][0]:
                best[which] = norm, theta, vectors[:, -1]
    beta, epsilon = (
        max(norm, _ascent(problem, theta, u, radius, ascent_steps, bool(which))) if norm else 0.0
        for which, (norm, theta, u) in enumerate(best)
    )
    return BallEstimate(float(radius), epsilon, beta)


def ball_samples(problem: DeepFeatureGAN, radius: float, samples: int, seed: int) -> Float[np.ndarray, "samples p"]:
    """The points of the sphere of that radius around θ_0 that `ball_estimate` looks at."""
    random = np.random.default_rng(seed)
    pull_back = evaluator(problem)(problem.theta0)[1]
    points = np.empty((samples, len(problem.theta0)))
    for i, point in enumerate(points):
        g = random.standard_normal(len(problem.target))
        direction = pull_back(g) if i % 2 else random.standard_normal(len(point))
        length = np.linalg.norm(direction)
        point[:] = problem.theta0 + (radius / length if length else 0.0) * direction
    return points


def _ascent(
    problem: DeepFeatureGAN,
    theta: Float[np.ndarray, " p"],
    u: Float[np.ndarray, " m"],
    radius: float,
    steps: int,
    from_origin: bool,
) -> float:
    """The largest ‖Dᵀu‖ on the way, with D = J(θ) − J_0 if from_origin, else J(θ)."""
    origin, at = parameters(problem, problem.theta0), parameters(problem, theta)
    unit, largest = parameters(problem, u), 0.0
    for step in range(steps + 1):
        signed = [(at, 1.0), (origin, -1.0)] if from_origin else [(at, 1.0)]
        pulled = torch.zeros_like(at)
        for point, sign in signed:
            for z in problem.latents.split(problem.batch):
                pulled += sign * _pulled(problem, point, unit, z)
        largest = max(largest, float(pulled.norm()))
        if step == steps:
            break
        gradients = [torch.zeros_like(at), torch.zeros_like(unit)]
        for point, sign in signed:
            for z in problem.latents.split(problem.batch):
                leaves = point.detach().requires_grad_(), unit.detach().requires_grad_()
                value = sign * (_pulled(problem, *leaves, z, graph=True) @ pulled)
                found = torch.autograd.grad(value, leaves, materialize_grads=True)
                gradients[1] += found[1]
                if point is at:
                    gradients[0] += found[0]
        lengths = [float(gradient.norm()) for gradient in gradients]
        if not all(np.isfinite(lengths)) or not all(lengths):
            break
        at, unit = origin + (radius / lengths[0]) * gradients[0], gradients[1] / lengths[1]
    return largest


def _pulled(
    problem: DeepFeatureGAN,
    theta: Float[Tensor, " p"],
    u: Float[Tensor, " m"],
    latents: Float[Tensor, "batch *latent"],
    *,
    graph: bool = False,
) -> Float[Tensor, " p"]:
    """These latents' share of J(θ)ᵀ u."""
    at = theta if theta.requires_grad else theta.detach().requires_grad_()
    pulled: Tensor = torch.autograd.grad(mean_features(problem, at, latents) @ u, at, create_graph=graph)[0]
    return pulled
