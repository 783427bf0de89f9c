"""Ascent on the Jacobian's change within a ball around θ_0 of a deep generator."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from overgan.theory.deep._autograd import FeatureMean

Vector = Float[np.ndarray, " _"]


def climb(
    mean: FeatureMean, origin: Vector, theta: Vector, u: Vector, radius: float, steps: int, from_origin: bool
) -> float:
    """The largest ‖Dᵀu‖ on an ascent from θ and unit u, with D = J(θ) − J(origin) if from_origin, else J(θ).

    Step t goes to where the linearization of ½‖Dᵀu‖² in u is largest, and in θ the share 2/(t + 2) of the way there.
    """
    center, at, unit = (mean.parameters(vector) for vector in (origin, theta, u))

    def pulled(point: Tensor, vector: Tensor) -> Tensor:
        there = _pull_back(mean, point, vector)
        return there - _pull_back(mean, center, vector) if from_origin else there

    height = pulled(at, unit)
    largest = float(height.norm())
    for step in range(steps):
        slope, turned = _gradients(mean, at, unit, height)
        if from_origin:
            turned = turned - _gradients(mean, center, unit, height)[1]
        lengths = [float(slope.norm()), float(turned.norm())]
        if not all(lengths) or not np.isfinite(lengths).all():
            break
        top, unit = center + (radius / lengths[0]) * slope, turned / lengths[1]
        at = at + 2 / (step + 2) * (top - at)
        height = pulled(at, unit)
        largest = max(largest, float(height.norm()))
    return largest


def _pull_back(mean: FeatureMean, theta: Float[Tensor, " p"], u: Float[Tensor, " m"]) -> Float[Tensor, " p"]:
    """J(θ)ᵀ u."""
    at, total = theta.detach().requires_grad_(), torch.zeros_like(theta)
    for share in mean.shares(at):
        total += torch.autograd.grad(share @ u, at)[0]
    return total


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
