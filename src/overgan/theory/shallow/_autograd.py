"""The reference engine's step: the loss of eq. 12, differentiated by PyTorch."""

import numpy as np
import torch

from overgan.theory._problem import Point


def differentiate(Z: np.ndarray, V: np.ndarray, W: np.ndarray) -> Point:
    """f(W), the gradient with respect to W of the loss ⟨g, f(W) − y⟩ − ‖g‖²/2 for any g, and the active units."""
    weights = torch.tensor(W, requires_grad=True)
    inner = torch.tensor(Z) @ weights.T
    activations = torch.where(inner < 0, 0.0, inner)  # ReLU's derivative is 1[x ≥ 0] in the paper; PyTorch's is 0 at 0
    f = (activations @ torch.tensor(V).T).mean(0)
    active = inner.detach().numpy() >= 0
    return Point(f.detach().numpy(), lambda g: torch.autograd.grad(torch.tensor(g) @ f, weights)[0].numpy(), active)
