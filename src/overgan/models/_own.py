"""Models of the user's own: a function that builds a generator and a critic, which know nothing of replicas."""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from overgan.errors import OverganError

Build = Callable[[int, tuple[int, int, int]], tuple[nn.Module, nn.Module]]


def builder(name: str) -> Build:
    """The function that `package.module:function` names; modules in the current folder are found too.

    It takes a width and an image's (height, width, channels) and returns a generator, from latents (batch, latent) to
    images (batch, channels, height, width) in [-1, 1], and a critic, from such images to a score each.

    Raises OverganError if it cannot be imported.
    """
    module, _, function = name.partition(":")
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        build: Build = getattr(importlib.import_module(module), function)
    except Exception as error:  # whatever the user's module does
        raise OverganError(f"model.name: {name} cannot be imported ({type(error).__name__}: {error})") from None
    finally:
        sys.path.remove(folder)
    return build


def check(name: str, pair: tuple[nn.Module, nn.Module], latent: int, shape: tuple[int, int, int]) -> None:
    """Raise OverganError if the networks do not take and give what they must."""
    generator, critic = pair
    height, width, channels = shape
    try:
        with torch.no_grad():
            images = generator(torch.randn(1, 2, latent))
            scores = critic(torch.randn(1, 2, channels, height, width))
    except Exception as error:  # whatever the user's networks do
        line = str(error).splitlines()[0] if str(error) else ""
        raise OverganError(f"model.name: {name}: a network fails ({type(error).__name__}: {line})") from None
    for network, given, expected in (
        ("generator", images.shape[2:], (channels, height, width)),
        ("critic", scores.shape[2:], ()),
    ):
        if tuple(given) != expected:
            raise OverganError(
                f"model.name: {name}: the {network} gives {tuple(given)} for each image, {expected} is needed"
            )


class OneByOne(nn.Module):
    """Modules of one architecture as replicas that are evaluated one after another.

    Its parameters and buffers are theirs, stacked along a first axis; a dot in a name becomes a slash.
    """

    def __init__(self, replicas: Sequence[nn.Module]):
        super().__init__()
        self._template = [replicas[0].requires_grad_(False)]  # in a list, so that its own parameters are not ours
        for name, _ in replicas[0].named_parameters():
            stacked = torch.stack([replica.get_parameter(name).detach() for replica in replicas])
            self.register_parameter(name.replace(".", "/"), nn.Parameter(stacked))
        for name, _ in replicas[0].named_buffers():
            self.register_buffer(
                name.replace(".", "/"), torch.stack([replica.get_buffer(name) for replica in replicas])
            )

    def train(self, mode: bool = True) -> "OneByOne":
        """Set the mode of the modules."""
        self._template[0].train(mode)
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """(replicas, …) by the replica's own module."""
        tensors = {name.replace("/", "."): t for name, t in [*self.named_parameters(), *self.named_buffers()]}
        return torch.stack(
            [
                functional_call(self._template[0], {name: t[i] for name, t in tensors.items()}, (one,))
                for i, one in enumerate(x)
            ]
        )
