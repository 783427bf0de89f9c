"""The game of generator and critic at a checkpoint: eigenvalues of its vector field's Jacobian, and its path-angle."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from overgan.metrics import Column, Metric
from overgan.models import Part, repeatable
from overgan.study.gan.networks._eigenvalues import leading_eigenvalues
from overgan.study.gan.networks._pair import Batch, Pair
from overgan.study.gan.networks._path import path_angle
from overgan.training import Loss

LEADING = 10  # eigenvalues

Vector = Float64[np.ndarray, " n"]


def game(pair: Pair) -> Mapping[str, float]:
    """Of v(θ_G, θ_D) = (∇_G L_G, ∇_D L_D), which simultaneous gradient descent follows down, at the last weights.

    game_real, game_imaginary: the largest |Re λ| and |Im λ| of the leading ten eigenvalues λ of v's Jacobian, those of
        largest modulus: how fast the game attracts (or repels), and how fast it rotates, at most.
    game_imaginary_share: the mean of |Im λ| / |λ| over the ten, 0 without and 1 with nothing but rotation.
    path_angle_step, path_angle_bump: as of `PathAngle`, from the initial to the last weights.

    Numbers that are not to be had are left out: eigenvalues that do not settle, a path that goes nowhere.
    """
    values = _of_eigenvalues(pair) | _of_path(pair)
    return {key: value for key, value in values.items() if np.isfinite(value)}


def _of_eigenvalues(pair: Pair) -> dict[str, float]:
    part = pair.at(pair.last)
    parameters = _parameters(part)
    product = jacobian_transposed(vector_field(part, pair.loss, pair.batch, differentiable=True), parameters)
    found = leading_eigenvalues(product, sum(p.numel() for p in parameters), LEADING)
    if not len(found):
        return {}
    modulus = np.abs(found)
    shares = np.divide(np.abs(found.imag), modulus, out=np.zeros_like(modulus), where=modulus > 0)
    return {
        "game_real": float(np.abs(found.real).max()),
        "game_imaginary": float(np.abs(found.imag).max()),
        "game_imaginary_share": float(shares.mean()),
    }


def _of_path(pair: Pair) -> dict[str, float]:
    direction = [last - first for first, last in zip(pair.first, pair.last, strict=True)]
    if not any(d.any() for d in direction):
        return {}

    def field(alpha: float) -> Vector:
        part = pair.at([first + alpha * d for first, d in zip(pair.first, direction, strict=True)])
        return _flat(vector_field(part, pair.loss, pair.batch))

    found = path_angle(field, _flat(direction))
    return {"path_angle_step": found.step, "path_angle_bump": found.bump}


def vector_field(part: Part, loss: Loss, batch: Batch, *, differentiable: bool = False) -> list[Tensor]:
    """The field v at the part's weights: the gradient of the generator's loss in its own, then the critic's in its own.

    differentiable: whether v can be differentiated in all weights.
    """
    with repeatable(batch.real.device):
        real = part.fold(batch.real)
        of_generator = loss.generator(part, lambda: real, part.generate(batch.generator_latents))
        of_critic, *_ = loss.critic(part, real, part.generate(batch.latents), batch.given)
    found: list[Tensor] = []
    more: dict[str, Any] = {"create_graph": differentiable, "allow_unused": True, "materialize_grads": True}
    for name, value in (("generator", of_generator), ("critic", of_critic)):
        found += torch.autograd.grad(value.sum(), part.parameters[name], **more)
    return found


def jacobian_transposed(field: Sequence[Tensor], parameters: Sequence[Tensor]) -> Callable[[Vector], Vector]:
    """The product of the transposed Jacobian of a field in some parameters with a vector, by one pass backward.

    The field is a gradient, so that it is a Hessian-vector product of each network's loss. The Jacobian itself would
    take two passes, and has the same eigenvalues.
    """
    sizes = [f.numel() for f in field]
    depends = [i for i, f in enumerate(field) if f.requires_grad]

    def product(vector: Vector) -> Vector:
        parts = torch.split(torch.from_numpy(vector).to(field[0]), sizes)
        weights = [parts[i].view_as(field[i]) for i in depends]
        found = torch.autograd.grad(
            [field[i] for i in depends],
            parameters,
            weights,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        return _flat(found)

    return product if depends else np.zeros_like


def _parameters(part: Part) -> list[Tensor]:
    return [*part.parameters["generator"], *part.parameters["critic"]]


def _flat(tensors: Sequence[Tensor]) -> Vector:
    return torch.cat([t.detach().flatten() for t in tensors]).cpu().numpy()


GAME = Metric(
    "game",
    game,
    (
        Column("game_real", "game: largest real part", note="of ten eigenvalues", sides=("train",)),
        Column("game_imaginary", "game: largest imaginary part", note="rotation", sides=("train",)),
        Column("game_imaginary_share", "game: imaginary share", note="0 to 1", sides=("train",)),
        Column("path_angle_step", "path-angle: step", note="attraction", sides=("train",)),
        Column("path_angle_bump", "path-angle: bump", note="rotation", sides=("train",)),
    ),
    needs="networks",
    row="networks",
)
