"""The reference engine's step: the loss of eq. 12, differentiated by PyTorch."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from overgan.theory._problem import Point


class _ReLU(torch.autograd.Function):
    """ReLU whose derivative is 1[x ≥ 0], as in the paper; PyTorch's is 0 at 0. Faster than torch.where."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        return grads[0] * (ctx.saved_tensors[0] >= 0)


def differentiate(Z: np.ndarray, V: np.ndarray, W: np.ndarray) -> Point:
    """f(W), the gradient with respect to W of the loss ⟨g, f(W) − y⟩ − ‖g‖²/2 for any g, and the active units."""
    weights = torch.tensor(W, requires_grad=True)
    inner = torch.tensor(Z) @ weights.T
    f = (_ReLU.apply(inner) @ torch.tensor(V).T).mean(0)
    active = inner.detach().numpy() >= 0
    return Point(f.detach().numpy(), lambda g: torch.autograd.grad(torch.tensor(g) @ f, weights)[0].numpy(), active)
