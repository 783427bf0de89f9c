"""Adam for parameters whose first axis is the replica: every parameter has a learning rate for each replica."""

from collections.abc import Sequence
from itertools import groupby

import torch
from jaxtyping import Bool
from torch import Tensor
from torch.optim.adam import adam

EPSILON = 1e-8  # PyTorch's default


class ReplicaAdam:
    """Adam (Kingma and Ba, 2015), computed by PyTorch's fused one, once for each learning rate.

    parameters: each with the replica as its first axis.
    rates: for each parameter that of each replica; neighbouring replicas of one rate are updated together.
    """

    def __init__(self, parameters: Sequence[Tensor], rates: Sequence[Sequence[float]], betas: tuple[float, float]):
        self.parameters, self.rates, self.betas = list(parameters), rates, betas
        self.steps = [0] * len(self.parameters)
        self.means, self.squares = ([torch.zeros_like(p.detach()) for p in self.parameters] for _ in range(2))
        self._blocks = _by_rate(rates)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, share: float) -> None:
        """An update by the gradients with this share of the learning rates; what has no gradient stays as it is."""
        grads = [p.grad for p in self.parameters]
        given = {i for i, grad in enumerate(grads) if grad is not None}
        for rate, blocks in self._blocks.items():
            of_rate = [(i, rows) for i, rows in blocks if i in given]
            done = torch.tensor([float(self.steps[i]) for i, _ in of_rate], device=self.parameters[0].device)
            adam(
                [self.parameters[i].detach()[rows] for i, rows in of_rate],
                [grad[rows] for i, rows in of_rate if (grad := grads[i]) is not None],
                [self.means[i][rows] for i, rows in of_rate],
                [self.squares[i][rows] for i, rows in of_rate],
                [],
                list(done.unbind()),
                fused=True,
                amsgrad=False,
                beta1=self.betas[0],
                beta2=self.betas[1],
                lr=rate * share,
                weight_decay=0.0,
                eps=EPSILON,
                maximize=False,
            )
        for i in given:
            self.steps[i] += 1

    def keep(self, alive: Bool[Tensor, " replicas"]) -> None:
        """Drop what belongs to the replicas that are not alive; their parameters are the caller's to drop."""
        places = alive.nonzero().flatten().tolist()
        self.rates = [[of[place] for place in places] for of in self.rates]
        self.means, self.squares = ([value[alive] for value in values] for values in (self.means, self.squares))
        self._blocks = _by_rate(self.rates)

    def tensors(self) -> dict[str, Tensor]:
        """All moments and step counts, not copied, as INDEX.FIELD, with the index of the parameter."""
        tensors: dict[str, Tensor] = {}
        for i, steps in enumerate(self.steps):
            if steps:
                tensors |= {f"{i}.step": torch.tensor(float(steps))}
                tensors |= {f"{i}.exp_avg": self.means[i], f"{i}.exp_avg_sq": self.squares[i]}
        return tensors

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `tensors` gave for the same parameters; the tensors stay as they are."""
        for i in range(len(self.steps)):
            self.steps[i] = int(tensors.get(f"{i}.step", 0))
            if self.steps[i]:
                self.means[i].copy_(tensors[f"{i}.exp_avg"])
                self.squares[i].copy_(tensors[f"{i}.exp_avg_sq"])


def _by_rate(rates: Sequence[Sequence[float]]) -> dict[float, list[tuple[int, slice]]]:
    """Each learning rate's parameters, and the neighbouring replicas that have it."""
    found: dict[float, list[tuple[int, slice]]] = {}
    for i, of in enumerate(rates):
        first = 0
        for rate, block in groupby(of):
            last = first + len(list(block))
            found.setdefault(rate, []).append((i, slice(first, last)))
            first = last
    return found
