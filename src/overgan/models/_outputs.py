"""What every layer of a network gives."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from overgan.models.nets import OneByOne, repeatable


@torch.no_grad()
def outputs(network: nn.Module, x: Float[Tensor, "replicas batch ..."]) -> dict[str, Float[Tensor, "replicas _"]]:
    """All numbers that each layer with parameters of its own gives, by the layer's name.

    The network is in training mode, and its buffers stay as they are. Of a model of the user's the layers are those of
    the user's module; one that is called several times gives all of it, and one that gives no tensor is left out.
    """
    alone = isinstance(network, OneByOne)
    layers: nn.Module = network.template if isinstance(network, OneByOne) else network
    given: dict[str, list[Tensor]] = {}
    hooks = [
        layer.register_forward_hook(_recorder(given.setdefault(name, [])))
        for name, layer in layers.named_modules()
        if any(True for _ in layer.parameters(recurse=False))
    ]
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    mode = network.training
    try:
        with repeatable(x.device):
            network.train()(x)
    finally:
        network.train(mode)
        for hook in hooks:
            hook.remove()
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
    if not alone:
        return {name: y.flatten(1) for name, (y,) in given.items()}
    return {name: _together(calls, len(x)) for name, calls in given.items() if calls}


def _recorder(calls: list[Tensor]) -> Callable[..., None]:
    def record(_layer: nn.Module, _inputs: Any, y: Any) -> None:
        if isinstance(y, Tensor):
            calls.append(y)

    return record


def _together(calls: list[Tensor], replicas: int) -> Float[Tensor, "replicas _"]:
    """What the replicas gave, who were called one after another, each as often."""
    each = len(calls) // replicas
    return torch.stack([torch.cat([y.flatten() for y in calls[i : i + each]]) for i in range(0, len(calls), each)])
