"""The networks, latents and data of a deep GAN: copied and checked before any work begins, or with Gaussian weights."""

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from overgan.check import check
from overgan.errors import OverganError
from overgan.own import explained
from overgan.theory._problem import check_values
from overgan.theory.deep._autograd import FeatureMean


def module(name: str, given: Any, dtype: str) -> nn.Module:
    """A copy of the module in evaluation mode, on the CPU and of that dtype."""
    check(isinstance(given, nn.Module), name, f"a {type(given).__name__}", "a torch.nn.Module")
    copied: nn.Module = copy.deepcopy(given)
    return copied.to("cpu", getattr(torch, dtype)).eval()


def array(name: str, values: Any, dtype: str) -> Tensor:
    """The array as a tensor of that dtype on the CPU, a copy if it is the latents."""
    as_tensor = torch.tensor if isinstance(values, np.ndarray) else torch.as_tensor  # PyTorch warns of read-only arrays
    tensor = as_tensor(values).detach().to("cpu", getattr(torch, dtype), copy=name == "latents")
    check_values(name, tensor.numpy())
    return tensor


def check_networks(generator: nn.Module, features: nn.Module, latents: Tensor, data: Tensor) -> None:
    """Raise OverganError if the networks, on these few inputs, do not take and give what they must."""
    points = _applied("generator", generator, latents)
    m, of_data = (_applied("features", features, inputs, ndim=2).shape[1] for inputs in (points, data))
    if m != of_data:
        raise OverganError(f"features gives {m} numbers for a generated point and {of_data} for one of data")


def _applied(name: str, network: nn.Module, inputs: Tensor, ndim: int | None = None) -> Tensor:
    """The network's outputs, one for each input. ndim: dimensions that they must have, with no size of 0."""
    with explained(f"{name} fails for shape {tuple(inputs.shape)}"), torch.no_grad():
        outputs: Tensor = network(inputs)
    shape = tuple(outputs.shape) if isinstance(outputs, Tensor) else ()
    if shape[:1] != (len(inputs),) or (ndim and (len(shape) != ndim or 0 in shape)):
        given = shape if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
        needed = f"a tensor ({len(inputs)}, {'m' if ndim else '…'}) is needed"
        raise OverganError(f"{name} gives {given} for {tuple(inputs.shape)}; {needed}")
    return outputs


def mean_of_data(mean: FeatureMean, data: Tensor) -> Float[np.ndarray, " m"]:
    """The target, mean ψ(x), read-only. Raises OverganError if it is not finite."""
    with torch.no_grad():
        sums = [mean.features(x).double().sum(0) for x in torch.split(data, mean.batch)]
    y: np.ndarray = (torch.stack(sums).sum(0) / len(data)).numpy()
    check_finite("features", "y", y)
    y.flags.writeable = False
    return y


def check_finite(name: str, what: str, mean: Float[np.ndarray, " m"]) -> None:
    """Raise OverganError, naming the network and what it makes, if a mean is not finite."""
    if not np.isfinite(mean).all():
        raise OverganError(f"{name} makes {what} {mean}; all values must be finite")


def gaussian_network(sizes: list[int], random: np.random.Generator) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them, weights N(0, 2/inputs) (He et al., 2015) and biases 0."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layer = nn.Linear(inputs, outputs, device="meta", dtype=torch.float64).to_empty(device="cpu")  # draws nothing
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(random.standard_normal((outputs, inputs)) * np.sqrt(2 / inputs)))
            layer.bias.zero_()
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
