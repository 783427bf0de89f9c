"""Models of the user's own: a function that builds a generator and a critic, which know nothing of replicas."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from overgan.errors import OverganError
from overgan.models._spec import Shape
from overgan.models.nets._face import Networks
from overgan.own import explained, load_function


@contextmanager
def repeatable(device: torch.device, seed: int = 0) -> Iterator[None]:
    """Meanwhile what a user's layers draw from the global generator, such as dropout, depends on the seed alone."""
    with torch.random.fork_rng([] if device.type == "cpu" else [device]):
        torch.manual_seed(seed)
        yield


def own_networks(name: str, generator: int, critic: int, shape: Shape, streams: Sequence[torch.Generator]) -> Networks:
    """The user's networks, a replica for each stream.

    generator, critic: their widths.
    streams: each draws one replica's weights.

    Raises OverganError as `construct` does.
    """
    generators, critics = [], []
    for stream in streams:
        with repeatable(torch.device("cpu"), int(torch.randint(2**31, (), generator=stream))):
            generators.append(construct(name, generator, shape)[0])
            critics.append(construct(name, critic, shape)[1])
    return Networks(OneByOne(generators), OneByOne(critics))


def construct(name: str, width: int, shape: Shape) -> tuple[nn.Module, nn.Module]:
    """What the function that `package.module:function` names builds; modules in the current folder are found too.

    It takes a width and an image's (height, width, channels) and returns a generator, from latents (batch, latent) to
    images (batch, channels, height, width) in [-1, 1], and a critic, from such images to a score each.

    Raises OverganError if it cannot be imported, fails, or gives something else.
    """
    build = load_function(name, "model.name")
    with explained(f"model.name: {name} fails"):
        generator, critic = build(width, shape)
    for network in (generator, critic):
        if not isinstance(network, nn.Module):
            raise OverganError(f"model.name: {name} gives a {type(network).__name__}, a torch.nn.Module is needed")
    return generator, critic


def check_own(name: str, pair: Networks, latent: int, shape: Shape) -> None:
    """Raise OverganError if the networks, as replicas, do not take and give what they must, or cannot be trained."""
    height, width, channels = shape
    image = (channels, height, width)
    for what, given, needed in (("generator", (latent,), image), ("critic", image, ())):
        if not list(getattr(pair, what).parameters()):
            raise OverganError(f"model.name: {name}: the {what} has nothing to train; give it weights, not all frozen")
        with explained(f"model.name: {name}: the {what} fails"), torch.no_grad():
            results = getattr(pair, what)(torch.randn(1, 2, *given))
        if tuple(results.shape) != (1, 2, *needed):
            raise OverganError(
                f"model.name: {name}: for 2 images the {what} gives {tuple(results.shape[1:])}, "
                f"{(2, *needed)} is needed"
            )


class OneByOne(nn.Module):
    """Modules of one architecture as replicas that are evaluated one after another.

    Its parameters and buffers are theirs, stacked along a first axis; a dot in a name becomes a slash. Parameters that
    need no gradient, which are not to be trained, are buffers here.
    """

    def __init__(self, replicas: list[nn.Module]):
        super().__init__()
        parameters, buffers = stack_module_state(replicas)
        for name, tensor in (parameters | buffers).items():
            if tensor.requires_grad:
                self.register_parameter(name.replace(".", "/"), nn.Parameter(tensor))
            else:
                self.register_buffer(name.replace(".", "/"), tensor)
        self._template = [replicas[0]]  # in a list, so that its own parameters are not ours

    @property
    def template(self) -> nn.Module:
        """The module that stands for each replica in turn while it is evaluated."""
        return self._template[0]

    @torch.no_grad()
    def alone(self, replica: int) -> nn.Module:
        """A copy of the replica's own module."""
        module = deepcopy(self.template)
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            tensor.copy_(getattr(self, name.replace(".", "/"))[replica])
        return module

    def train(self, mode: bool = True) -> "OneByOne":
        """Set the mode of the modules."""
        self.template.train(mode)
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """(replicas, …) by the replica's own module."""
        tensors = {name.replace("/", "."): t for name, t in [*self.named_parameters(), *self.named_buffers()]}
        of = [{name: t[i] for name, t in tensors.items()} for i in range(len(x))]
        return torch.stack([functional_call(self.template, *each) for each in zip(of, x, strict=True)])
