"""Random streams: every replica owns one for each purpose, so its draws do not depend on its companions."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

NAMES = (  # in the order in which they were added: a name's place is a part of its seed
    "initialization",
    "batches",
    "latents",
    "interpolation",
    "evaluation",
    "dither",
    "samples",
    "networks",
    "own",
    "images",
)


def stream(seed: int, name: str, *when: int) -> torch.Generator:
    """The stream of one seed and purpose, and of one time if it begins anew, at its start."""
    state = np.random.SeedSequence([seed, NAMES.index(name), *when]).generate_state(1, np.uint32)
    return torch.Generator().manual_seed(int(state[0]))


class Streams:
    """One purpose's streams of several replicas, drawn from together."""

    def __init__(self, seeds: Sequence[int], name: str):
        self.generators = [stream(seed, name) for seed in seeds]

    def normal(self, *shape: int) -> Float[Tensor, "replicas ..."]:
        """Standard normal numbers."""
        return torch.stack([torch.randn(shape, generator=g) for g in self.generators])

    def uniform(self, *shape: int) -> Float[Tensor, "replicas ..."]:
        """Uniform numbers in [0, 1)."""
        return torch.stack([torch.rand(shape, generator=g) for g in self.generators])

    def integers(self, high: int, *shape: int) -> Int64[Tensor, "replicas ..."]:
        """Uniform integers in [0, high)."""
        return torch.stack([torch.randint(high, shape, generator=g) for g in self.generators])

    def keep(self, alive: Sequence[bool]) -> None:
        """Drop the replicas that are not alive."""
        self.generators = [g for g, kept in zip(self.generators, alive, strict=True) if kept]

    @property
    def state(self) -> Tensor:
        """The state of every stream, (replicas, bytes) uint8; assign it to go on from there."""
        return torch.stack([g.get_state() for g in self.generators])

    @state.setter
    def state(self, state: Tensor) -> None:
        for generator, row in zip(self.generators, state, strict=True):
            generator.set_state(row.clone())  # PyTorch 2.15 reads a view from its storage's start
