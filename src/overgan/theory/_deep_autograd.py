"""f(θ) of a deep generator and its Jacobian, by PyTorch, within the problem's memory.

At most half of the memory is for what the backward passes of a batch of latents need, the rest for rows of J.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.func import functional_call

from overgan.theory._deep import DeepFeatureGAN

TRANSIENT_ROWS = 3  # of p numbers: the one that is not held, and a gradient, as autograd gathers and as it returns it


def mean_features(
    problem: DeepFeatureGAN, theta: Float[Tensor, " p"], latents: Float[Tensor, "batch *latent"]
) -> Float[Tensor, " m"]:
    """These latents' share of f(θ), Σ ψ(G_θ(z))/n, with its graph."""
    trained = {name: p for name, p in problem.generator.named_parameters() if p.requires_grad}
    parts = torch.split(theta, [p.numel() for p in trained.values()])
    values = {name: part.view(p.shape) for (name, p), part in zip(trained.items(), parts, strict=True)}
    features: Tensor = problem.features(functional_call(problem.generator, values, (latents,)))
    return features.sum(0) / len(problem.latents)


def kept_bytes(problem: DeepFeatureGAN, count: int) -> int:
    """What a forward pass of so many latents keeps."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    theta = parameters(problem, problem.theta0).requires_grad_()
    with torch.enable_grad(), saved_tensors_hooks(pack, lambda tensor: tensor):
        mean_features(problem, theta, problem.latents[:1].expand(count, *problem.latents.shape[1:]))
    return sum(kept.values())


def parameters(problem: DeepFeatureGAN, theta: Float[np.ndarray, " p"]) -> Float[Tensor, " p"]:
    """θ as a tensor of its own in the problem's dtype."""
    return torch.tensor(theta, dtype=getattr(torch, problem.dtype))


def generated_mean(problem: DeepFeatureGAN, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " m"]:
    """f(θ)."""
    at = parameters(problem, theta)
    with torch.no_grad():
        shares = [mean_features(problem, at, z).double() for z in problem.latents.split(problem.batch)]
    f: np.ndarray = torch.stack(shares).sum(0).numpy()
    return f


def evaluator(problem: DeepFeatureGAN) -> Callable[[np.ndarray], Any]:
    """What `_dense.iterate` calls at every step: θ to f(θ), the map g -> J(θ)ᵀ g, and None."""
    batches = problem.latents.split(problem.batch)

    def evaluate(theta: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], None]:
        at = parameters(problem, theta).requires_grad_()
        graphs = [mean_features(problem, at, batches[0])] if len(batches) == 1 else []
        f = graphs[0].detach().double().numpy() if graphs else generated_mean(problem, theta)

        def pull_back(g: np.ndarray) -> np.ndarray:
            total = torch.zeros_like(at)
            for share in graphs or (mean_features(problem, at, z) for z in batches):
                total += torch.autograd.grad(share @ torch.tensor(g, dtype=at.dtype), at, retain_graph=bool(graphs))[0]
            pulled: np.ndarray = total.double().numpy()
            return pulled

        return f, pull_back, None

    return evaluate


def grams(
    problem: DeepFeatureGAN, theta: Float[np.ndarray, " p"], origin: Float[np.ndarray, " p"] | None = None
) -> Float[np.ndarray, "which m m"]:
    """J Jᵀ at θ, and, if there is an origin, D Dᵀ with D = J(θ) − J(origin) too.

    A row of J is one backward pass through the mean of the features. As many rows are held as the memory allows, and
    those below are made again for every block of them, one at a time. (Many rows in one pass, by vmap, took no less
    processor time, for fully connected and for convolutional generators of a million parameters.)
    """
    m = len(problem.target)
    points = [parameters(problem, point) for point in ([theta] if origin is None else [theta, origin])]
    room = problem.memory - problem.batch * problem.latent_bytes
    held = min(m, max(1, room // points[0].nbytes - TRANSIENT_ROWS))
    rows = points[0].new_empty(held, len(theta))
    result = np.zeros((len(points), m, m))
    for start in range(0, m, held):
        block = np.arange(start, min(start + held, m))
        J = rows[: len(block)].zero_()
        for which, gram in enumerate(result):
            _add_rows(problem, points[which], block, J, sign=1 - 2 * which)
            square = (J @ J.T).double().numpy()
            gram[np.ix_(block, block)] = (square + square.T) / 2  # in single precision it is symmetric to rounding only
            for i in range(block[-1] + 1, m):
                row = torch.zeros_like(rows[:1])
                for earlier in range(which + 1):
                    _add_rows(problem, points[earlier], np.array([i]), row, sign=1 - 2 * earlier)
                gram[block, i] = gram[i, block] = (J @ row[0]).double().numpy()
    return result


def _add_rows(
    problem: DeepFeatureGAN,
    theta: Float[Tensor, " p"],
    outputs: Int[np.ndarray, " rows"],
    J: Float[Tensor, "rows p"],
    sign: int,
) -> None:
    """Add these outputs' rows of the Jacobian at θ, times the sign, to J."""
    at = theta.requires_grad_()
    for z in problem.latents.split(problem.batch):
        share = mean_features(problem, at, z)
        for row, i in zip(J, outputs, strict=True):
            row.add_(torch.autograd.grad(share[i], at, retain_graph=True)[0], alpha=sign)
