"""How much J can change within a ball around θ_0 of a deep generator: estimates, by sampling and by ascent."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from overgan.check import check
from overgan.theory._problem import Problem
from overgan.theory.deep._autograd import FeatureMean


class BallEstimate(NamedTuple):
    """The largest ‖J(θ) − J(θ_0)‖ and ‖J(θ)‖ that were found for ‖θ − θ_0‖ ≤ radius: lower bounds, not proofs."""

    radius: float
    epsilon: float
    beta: float


@runtime_checkable
class Differentiable(Problem, Protocol):
    """A problem whose Jacobian can be differentiated: a `DeepFeatureGAN`."""

    @property
    def mean(self) -> FeatureMean:
        """The function f for PyTorch."""


def ball_estimate(
    problem: Differentiable, radius: float, *, samples: int = 4, ascent_steps: int = 10, seed: int = 0
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
    norms, vector = np.zeros(2), problem.mean.parameters  # of J(θ) and of J(θ) − J_0
    center = vector(problem.start)
    for theta in ball_samples(problem, radius, samples, seed):
        for which, gram in enumerate(problem.grams(theta, problem.start)):
            squares, vectors = np.linalg.eigh(gram)
            found = float(np.sqrt(max(squares[-1], 0.0)))
            if found:
                at, unit = vector(theta), vector(vectors[:, -1])
                found = max(found, _climb(problem.mean, center, at, unit, radius, ascent_steps, bool(which)))
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


def _climb(
    mean: FeatureMean, center: Tensor, at: Tensor, unit: Tensor, radius: float, steps: int, from_center: bool
) -> float:
    """The largest ‖Dᵀu‖ on an ascent from θ = at and unit u, with D = J(θ) − J(center) if from_center, else J(θ).

    center, at: (p,). unit: (m,). Step t goes to where the linearization of ½‖Dᵀu‖² in u is largest, and in θ the share
    2/(t + 2) of the way there.
    """

    def pulled(theta: Tensor, u: Tensor) -> Tensor:
        there = mean.pull_back(theta, u)
        return there - mean.pull_back(center, u) if from_center else there

    height = pulled(at, unit)
    largest = float(height.norm())
    for step in range(steps):
        slope, turned = _gradients(mean, at, unit, height)
        if from_center:
            turned = turned - _gradients(mean, center, unit, height)[1]
        lengths = [float(slope.norm()), float(turned.norm())]
        if not all(lengths) or not np.isfinite(lengths).all():
            break
        top, unit = center + (radius / lengths[0]) * slope, turned / lengths[1]
        at = at + 2 / (step + 2) * (top - at)
        height = pulled(at, unit)
        largest = max(largest, float(height.norm()))
    return largest


def _gradients(
    mean: FeatureMean, theta: Float[Tensor, " p"], u: Float[Tensor, " m"], w: Float[Tensor, " p"]
) -> tuple[Float[Tensor, " p"], Float[Tensor, " m"]]:
    """The gradients of ⟨w, J(θ)ᵀ u⟩ in θ and u: the Hessian of uᵀf times w, and J(θ) w."""
    leaves = theta.detach().requires_grad_(), u.detach().requires_grad_()
    totals = torch.zeros_like(theta), torch.zeros_like(u)
    for share in mean.shares(leaves[0]):
        pulled = torch.autograd.grad(share @ leaves[1], leaves[0], create_graph=True)[0]
        for total, found in zip(totals, torch.autograd.grad(pulled @ w, leaves, materialize_grads=True), strict=True):
            total += found
    return totals
