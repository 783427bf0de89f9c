"""The reference engine: the loss of eq. 12, differentiated by PyTorch and stepped literally."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from overgan.theory._exact import Recorded
from overgan.theory._kernels import BLOWN_UP
from overgan.theory._problem import ShallowGAN


class _ReLU(torch.autograd.Function):
    """ReLU whose derivative is 1[x ≥ 0], as in the paper; PyTorch's is 0 at 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        masked: Tensor = grad * (x >= 0)
        return masked


def iterate(
    problem: ShallowGAN,
    method: str,
    steps: int,
    mu: float,
    eta: float,
    critic_steps: int,
    stop_below: float,
    record: Int64[np.ndarray, " asked"],
) -> tuple[Float[np.ndarray, " norms"], int, Float[np.ndarray, " m"], Float[np.ndarray, "k d"], Recorded]:
    """As `iterate` of the exact engine."""
    Z, V, y = (torch.from_numpy(a.copy()) for a in (problem.Z, problem.V, problem.target))
    W, d = torch.from_numpy(problem.W0.copy()).requires_grad_(), torch.zeros(len(y), dtype=torch.float64)
    norms: list[float] = []
    kept: list[tuple[Tensor, Tensor, Tensor]] = []
    changes, signs = 0, None
    for t in range(steps + 1):
        inner = Z @ W.T
        active = inner.detach() >= 0
        changes += int((active != signs).sum()) if signs is not None else 0
        signs = active
        residual = (_ReLU.apply(inner) @ V.T).mean(0) - y
        r = residual.detach()
        norms.append(float(torch.linalg.vector_norm(r)))
        if t in record:
            kept.append((r, d, W.detach().clone()))
        if norms[-1] <= stop_below * norms[0] or not norms[-1] <= BLOWN_UP * max(norms[0], 1e-100) or t == steps:
            break
        after = d
        for _ in range(critic_steps if method == "alternating" else 1):
            after = (1 - mu) * after + mu * r
        used = {"gda": d, "optimal": r, "alternating": after}[method]
        d = r if method == "optimal" else after
        (gradient,) = torch.autograd.grad(used @ residual - used @ used / 2, W)
        W = (W - eta * gradient).detach().requires_grad_()
    columns = (
        [np.array([row[i].numpy() for row in kept]) for i in range(3)]
        if kept
        else [np.empty((0, *a.shape)) for a in (y, y, W)]
    )
    r_kept, d_kept, W_kept = columns
    return np.array(norms), changes, d.numpy(), W.detach().numpy(), (r_kept, d_kept, W_kept)
