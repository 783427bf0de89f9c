"""What is given for a deep GAN, copied and checked before any work begins."""

import copy
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from overgan.errors import OverganError
from overgan.theory.deep._autograd import FeatureMean


def module(name: str, given: Any, dtype: str) -> nn.Module:
    """A copy of the module in evaluation mode, on the CPU and of that dtype."""
    if not isinstance(given, nn.Module):
        raise OverganError(f"{name} is a {type(given).__name__}; a torch.nn.Module is needed")
    return copy.deepcopy(given).to("cpu", getattr(torch, dtype)).eval()


def array(name: str, values: Any, dtype: str) -> Tensor:
    """The array as a tensor of that dtype on the CPU, a copy if it is the latents."""
    as_tensor = torch.tensor if isinstance(values, np.ndarray) else torch.as_tensor  # PyTorch warns of read-only arrays
    tensor = as_tensor(values).detach().to("cpu", getattr(torch, dtype), copy=name == "latents")
    if tensor.numel() == 0 or tensor.ndim == 0:
        raise OverganError(f"{name} has shape {tuple(tensor.shape)}; every size must be at least 1")
    if not tensor.isfinite().all():
        raise OverganError(f"{name} has the value {tensor[~tensor.isfinite()][0]}; all values must be finite")
    return tensor


def check_networks(generator: nn.Module, features: nn.Module, latents: Tensor, data: Tensor) -> None:
    """Raise OverganError if the networks, on these few inputs, do not take and give what they must."""
    points = _applied("generator", generator, latents)
    generated, of_data = _applied("features", features, points), _applied("features", features, data)
    for outputs, inputs in ((generated, points), (of_data, data)):
        if outputs.ndim != 2 or len(outputs) != len(inputs) or not outputs.numel():
            raise OverganError(
                f"features gives shape {tuple(outputs.shape)} for {tuple(inputs.shape)}; ({len(inputs)}, m) is needed"
            )
    if generated.shape[1] != of_data.shape[1]:
        raise OverganError(
            f"features gives {generated.shape[1]} numbers for a generated point and {of_data.shape[1]} for one of data"
        )


def _applied(name: str, network: nn.Module, inputs: Tensor) -> Tensor:
    try:
        with torch.no_grad():
            outputs = network(inputs)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise OverganError(
            f"{name} fails for shape {tuple(inputs.shape)} ({type(error).__name__}: {reason})"
        ) from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim == 0 or len(outputs) != len(inputs):
        given = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else f"a {type(outputs).__name__}"
        raise OverganError(f"{name} gives {given} for {tuple(inputs.shape)}; a tensor ({len(inputs)}, …) is needed")
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
