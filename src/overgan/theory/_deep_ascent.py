"""Ascent on the Jacobian's change within a ball around θ_0 of a deep generator."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from overgan.theory._deep import DeepFeatureGAN
from overgan.theory._deep_autograd import mean_features, parameters


def climb(
    problem: DeepFeatureGAN,
    theta: Float[np.ndarray, " p"],
    u: Float[np.ndarray, " m"],
    radius: float,
    steps: int,
    *,
    from_origin: bool,
) -> float:
    """The largest ‖Dᵀu‖ on the way from θ and unit u, with D = J(θ) − J_0 if from_origin, else J(θ).

    Step t goes to where the linearization of ½‖Dᵀu‖² in u is largest, and in θ the share 2/(t + 2) of the way there.
    """
    origin = parameters(problem, problem.theta0)

    def pulled(point: Tensor, vector: Tensor) -> Tensor:
        there = _pull_back(problem, point, vector)
        return there - _pull_back(problem, origin, vector) if from_origin else there

    at, unit = parameters(problem, theta), parameters(problem, u)
    height = pulled(at, unit)
    largest = float(height.norm())
    for step in range(steps):
        slope, turned = _gradients(problem, at, unit, height)
        if from_origin:
            turned = turned - _gradients(problem, origin, unit, height)[1]
        lengths = [float(slope.norm()), float(turned.norm())]
        if not all(lengths) or not np.isfinite(lengths).all():
            break
        top, unit = origin + (radius / lengths[0]) * slope, turned / lengths[1]
        at = at + 2 / (step + 2) * (top - at)
        height = pulled(at, unit)
        largest = max(largest, float(height.norm()))
    return largest


def _pull_back(problem: DeepFeatureGAN, theta: Float[Tensor, " p"], u: Float[Tensor, " m"]) -> Float[Tensor, " p"]:
    """J(θ)ᵀ u."""
    at, total = theta.detach().requires_grad_(), torch.zeros_like(theta)
    for z in problem.latents.split(problem.batch):
        total += torch.autograd.grad(mean_features(problem, at, z) @ u, at)[0]
    return total


def _gradients(
    problem: DeepFeatureGAN, theta: Float[Tensor, " p"], u: Float[Tensor, " m"], w: Float[Tensor, " p"]
) -> tuple[Float[Tensor, " p"], Float[Tensor, " m"]]:
    """The gradients of ⟨w, J(θ)ᵀ u⟩ in θ and u: the Hessian of uᵀf times w, and J(θ) w."""
    leaves = theta.detach().requires_grad_(), u.detach().requires_grad_()
    totals = torch.zeros_like(theta), torch.zeros_like(u)
    for z in problem.latents.split(problem.batch):
        pulled = torch.autograd.grad(mean_features(problem, leaves[0], z) @ leaves[1], leaves[0], create_graph=True)[0]
        for total, found in zip(totals, torch.autograd.grad(pulled @ w, leaves, materialize_grads=True), strict=True):
            total += found
    return totals
