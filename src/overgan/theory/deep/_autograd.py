"""f(θ) of a deep generator and its Jacobian, by PyTorch, within a given memory.

At most half of the memory is for what the backward passes of a batch of latents need, the rest for rows of J.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.func import functional_call

from overgan.theory._problem import Grams, Point, Weights

SUMMED = 2**22  # columns that are copied to double precision at once
TRANSIENT_ROWS = 3  # of p numbers: the one that is not held, and a gradient, as autograd gathers and as it returns it


@dataclass(frozen=True, eq=False)
class FeatureMean:
    """The function f(θ) = (1/n) Σ_i ψ(G_θ(z_i)), in batches of latents.

    generator: G, whose parameters that require gradients, one after another, are θ. features: ψ. latents: (n, …), of
    the networks' dtype. memory: bytes that Jacobians, and what backward passes keep, may take.
    """

    generator: nn.Module
    features: nn.Module
    latents: Float[Tensor, "n *latent"]
    memory: int

    @cached_property
    def trained(self) -> dict[str, nn.Parameter]:
        """The generator's trained parameters by name."""
        return {name: p for name, p in self.generator.named_parameters() if p.requires_grad}

    @cached_property
    def latent_bytes(self) -> int:
        """What a forward pass keeps of each latent for the backward pass, measured."""
        return max(1, self._kept_bytes(2) - self._kept_bytes(1))  # the weights are kept in both

    @property
    def batch(self) -> int:
        """Latents that one backward pass may take within half of the memory."""
        return min(len(self.latents), max(1, self.memory // 2 // self.latent_bytes))

    def parameters(self, theta: Float[np.ndarray, " p"]) -> Float[Tensor, " p"]:
        """θ, or any vector, as a tensor of its own in the networks' dtype."""
        return torch.tensor(theta, dtype=self.latents.dtype)

    def shares(self, theta: Float[Tensor, " p"]) -> Iterator[Float[Tensor, " m"]]:
        """The share of f(θ) of each batch of latents, Σ ψ(G_θ(z))/n, with its graph."""
        return (self._share(theta, z) for z in torch.split(self.latents, self.batch))

    def mean(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " m"]:
        """The mean f(θ)."""
        with torch.no_grad():
            shares = [share.double() for share in self.shares(self.parameters(theta))]
        return np.asarray(torch.stack(shares).sum(0))

    def at(self, theta: Float[np.ndarray, " p"]) -> Point:
        """The mean f(θ), and the map g -> J(θ)ᵀ g. The graph of a single batch is kept for it."""
        at = self.parameters(theta).requires_grad_()
        graphs = list(self.shares(at)) if self.batch == len(self.latents) else []
        f = graphs[0].detach().double().numpy() if graphs else self.mean(theta)

        return Point(f, lambda g: np.asarray(self.pull_back(at, torch.tensor(g, dtype=at.dtype), graphs).double()))

    def pull_back(
        self, theta: Float[Tensor, " p"], u: Float[Tensor, " m"], graphs: Sequence[Float[Tensor, " m"]] = ()
    ) -> Float[Tensor, " p"]:
        """J(θ)ᵀ u. graphs: the shares of f(θ), where they are kept."""
        at, total = theta if graphs else theta.detach().requires_grad_(), torch.zeros_like(theta)
        for share in graphs or self.shares(at):
            total += torch.autograd.grad(share @ u, at, retain_graph=bool(graphs))[0]
        return total

    def grams(self, theta: Weights, origin: Weights | None = None) -> Grams:
        """J Jᵀ at θ, and, if there is an origin, D Dᵀ with D = J(θ) − J(origin) too.

        A row of J is one backward pass through the mean of the features. As many rows are held as the memory allows,
        and those below are made again for every block of them, one at a time. (Many rows in one pass, by vmap, took no
        less processor time, for fully connected and for convolutional generators of a million parameters.)
        """
        points = [self.parameters(point) for point in ([theta] if origin is None else [theta, origin])]
        m = len(self._share(points[0], self.latents[:1]))
        room = self.memory - self.batch * self.latent_bytes
        held = min(m, max(1, room // points[0].nbytes - TRANSIENT_ROWS))
        rows = points[0].new_empty(held, len(theta))
        result = np.zeros((len(points), m, m))
        for start in range(0, m, held):
            block = np.arange(start, min(start + held, m))
            J = rows[: len(block)].zero_()
            for which, gram in enumerate(result):
                # the rows that are held, of J(θ) and then of J(θ) − J(origin), with each other
                self._add_rows(points[which], block, J, sign=1 - 2 * which)
                square = _products(J, J)
                gram[np.ix_(block, block)] = (square + square.T) / 2  # it is symmetric to rounding only
                # with each row below them
                for i in range(block[-1] + 1, m):
                    row = torch.zeros_like(rows[:1])
                    for earlier in range(which + 1):
                        self._add_rows(points[earlier], np.array([i]), row, sign=1 - 2 * earlier)
                    gram[block, i] = gram[i, block] = _products(J, row)[:, 0]
        return result

    def _share(self, theta: Float[Tensor, " p"], latents: Float[Tensor, "batch *latent"]) -> Float[Tensor, " m"]:
        parts = torch.split(theta, [p.numel() for p in self.trained.values()])
        values = {name: part.view(p.shape) for (name, p), part in zip(self.trained.items(), parts, strict=True)}
        features: Tensor = self.features(functional_call(self.generator, values, (latents,)))
        return features.sum(0) / len(self.latents)

    def _kept_bytes(self, count: int) -> int:
        """What a forward pass of so many latents keeps."""
        kept: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            kept[tensor.data_ptr()] = tensor.nbytes
            return tensor

        theta = torch.cat([p.detach().flatten() for p in self.trained.values()]).requires_grad_()
        with torch.enable_grad(), saved_tensors_hooks(pack, lambda tensor: tensor):
            self._share(theta, self.latents[:1].expand(count, *self.latents.shape[1:]))
        return sum(kept.values())

    def _add_rows(
        self, theta: Float[Tensor, " p"], outputs: Int[np.ndarray, " rows"], J: Float[Tensor, "rows p"], sign: int
    ) -> None:
        """Add these outputs' rows of the Jacobian at θ, times the sign, to J."""
        at = theta.requires_grad_()
        for share in self.shares(at):
            for row, i in zip(J, outputs, strict=True):
                row.add_(torch.autograd.grad(share[i], at, retain_graph=True)[0], alpha=sign)


def _products(a: Float[Tensor, "rows p"], b: Float[Tensor, "others p"]) -> Float[np.ndarray, "rows others"]:
    """The matrix a bᵀ, summed in double precision: in single, a Gram matrix may have clearly negative eigenvalues."""
    parts = zip(torch.split(a, SUMMED, 1), torch.split(b, SUMMED, 1), strict=True)
    products: np.ndarray = torch.stack([x.double() @ y.double().T for x, y in parts]).sum(0).numpy()
    return products
