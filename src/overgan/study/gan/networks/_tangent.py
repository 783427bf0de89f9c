"""How much the generator's tangent kernel has changed since initialization: hardly, where training is lazy."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor

from overgan.metrics import Column, Metric
from overgan.models import repeatable
from overgan.study.gan.networks._pair import Pair
from overgan.training import stream

LATENTS = 8
EXACT = 512  # numbers in the images of all latents, up to which every entry of the kernel is computed
PROBES = 64  # random vectors that a larger kernel is multiplied with
LATENTS_SEED, PROBES_SEED = 1, 2

Outputs = Float64[Tensor, " n"]
Rows = Float64[Tensor, "probes n"]


def tangent_kernel(pair: Pair) -> Mapping[str, float]:
    """tangent_kernel_change: ‖K_t − K_0‖_F / ‖K_0‖_F of the last and the initial weights.

    K = J Jᵀ, (n, n), where J is the derivative, in the generator's weights, of the n numbers in the images of 8 fixed
    latents. Batch norm is in training mode, and takes the statistics of these images: in evaluation mode the initial
    generator, whose running statistics are of no images, would be another function.
    """
    latent, device = pair.batch.latents.shape[2], pair.batch.latents.device
    z = torch.randn(1, LATENTS, latent, generator=stream(LATENTS_SEED, "networks"), dtype=torch.float64).to(device)

    def outputs(weights: Sequence[Tensor]) -> tuple[Outputs, list[Tensor]]:
        part = pair.at(weights)
        with repeatable(z.device):
            return part.generate(z).flatten(), part.parameters["generator"]

    change = kernel_change(outputs, pair.first, pair.last)
    return {"tangent_kernel_change": change} if math.isfinite(change) else {}


def kernel_change(
    outputs: Callable[[Sequence[Tensor]], tuple[Outputs, list[Tensor]]], first: Sequence[Tensor], last: Sequence[Tensor]
) -> float:
    """‖K_t − K_0‖_F / ‖K_0‖_F, of a kernel of up to 512 rows exactly; nan if K_0 is 0.

    outputs: of weights, what a network gives with them, and its parameters, whose derivatives make K.

    Of a larger kernel both norms are estimated, without its entries: ‖K‖_F² = E ‖K z‖², z ~ N(0, I), as the mean over
    64 such vectors, the same for both.
    """
    values, parameters = outputs(first)
    before = kernel_products(values, parameters, probes := _probes(values))
    after = kernel_products(*outputs(last), probes)
    scale = before.norm()
    return float((after - before).norm() / scale) if scale > 0 else math.nan


def kernel_products(outputs: Outputs, parameters: Sequence[Tensor], probes: Rows) -> Rows:
    """K z for each row z, where K = J Jᵀ and J is the outputs' derivative in the parameters.

    Jᵀ z is a vector-Jacobian product; that of z ↦ Jᵀ z, which is linear, gives J of it. No Jacobian is kept.
    """
    if not outputs.requires_grad:  # in no parameter that is trained
        return torch.zeros_like(probes)
    more: dict[str, Any] = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    slot = torch.zeros_like(outputs, requires_grad=True)
    pulled = torch.autograd.grad(outputs, parameters, slot, create_graph=True, **more)
    depends = [i for i, p in enumerate(pulled) if p.requires_grad]
    if not depends:
        return torch.zeros_like(probes)
    rows: list[Tensor] = []
    for z in probes:
        gradients = torch.autograd.grad(outputs, parameters, z, **more)
        kept = [gradients[i] for i in depends]
        rows += torch.autograd.grad([pulled[i] for i in depends], slot, kept, retain_graph=True)
    return torch.stack(rows)


def _probes(outputs: Outputs) -> Rows:
    """The unit vectors, or, of many outputs, random ones."""
    n = len(outputs)
    if n <= EXACT:
        return torch.eye(n).to(outputs)
    return torch.randn(PROBES, n, generator=stream(PROBES_SEED, "networks"), dtype=torch.float64).to(outputs)


TANGENT_KERNEL = Metric(
    "tangent_kernel",
    tangent_kernel,
    (
        Column(
            "tangent_kernel_change",
            "change of the tangent kernel",
            note="0 where training is lazy",
            sides=("train",),
        ),
    ),
    needs="networks",
    row="networks",
)
