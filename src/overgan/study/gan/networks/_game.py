"""The game of generator and critic at a checkpoint: eigenvalues of its vector field's Jacobian, and its path-angle."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from overgan.metrics import Column, Metric
from overgan.models import Part
from overgan.study.gan.networks._eigenvalues import leading_eigenvalues
from overgan.study.gan.networks._pair import Batch, Pair, repeatable
from overgan.study.gan.networks._path import path_angle
from overgan.training import Loss

LEADING = 10  # eigenvalues

Vector = Float64[np.ndarray, " n"]


def game(pair: Pair) -> Mapping[str, float]:
    """Of v(θ_G, θ_D) = (∇_G L_G, ∇_D L_D), which simultaneous gradient descent follows down, at the last weights.

    game_real, game_imaginary: of the eigenvalue of largest modulus of v's Jacobian, the latter at least 0.
    game_least_real: the smallest real part of the leading ten: gradient descent, however small its steps, leaves a
        point where it is negative.
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
        "game_real": float(found[0].real),
        "game_imaginary": float(abs(found[0].imag)),
        "game_least_real": float(found.real.min()),
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
    """v at the part's weights: the gradient of the generator's loss in its own, then the critic's in its own.

    differentiable: whether v can be differentiated in all weights.
    """
    with repeatable():
        real = part.fold(batch.real)
        of_generator = loss.generator(part, lambda: real, part.generate(batch.generator_latents))
        of_critic, *_ = loss.critic(part, real, part.generate(batch.latents), batch.given)
    found = []
    for name, value in (("generator", of_generator), ("critic", of_critic)):
        more = {"create_graph": differentiable, "allow_unused": True, "materialize_grads": True}
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
        parts = torch.from_numpy(vector).to(field[0]).split(sizes)
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
        Column("game_real", "largest eigenvalue of the game, real part", sides=("train",)),
        Column("game_imaginary", "largest eigenvalue of the game, imaginary part", sides=("train",)),
        Column("game_least_real", "least real part of the game's leading eigenvalues", sides=("train",)),
        Column("game_imaginary_share", "imaginary share of the game's leading eigenvalues", sides=("train",)),
        Column("path_angle_step", "step of the path-angle", note="attraction", sides=("train",)),
        Column("path_angle_bump", "bump of the path-angle", note="rotation", sides=("train",)),
    ),
    needs="networks",
    row="networks",
)
