"""The generator of one run of a study, and what must be known to write it down."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from overgan.errors import OverganError
from overgan.export._format import Chosen
from overgan.study import Study
from overgan.training import stream

CHECKED = 64  # images that every file is checked with: as many as overgan makes at once


@dataclass(frozen=True)
class Exporting:
    """A run whose generator is exported."""

    study: Any  # a GAN's
    module: nn.Module
    width: int
    seed: int
    chosen: Chosen

    @property
    def folder(self) -> str:
        """The name of the folder of its files."""
        chosen = self.chosen
        name = f"generator-k{self.width}-seed-{self.seed}"
        name += f"-{chosen.rule}" if chosen.rule else ""
        return name + (f"-rate-{chosen.learning_rate:g}" if chosen.learning_rate else "")

    @property
    def of_seed(self) -> dict[str, Any]:
        """Which of a seed's runs it is, if it has several."""
        return {"learning_rate": self.chosen.learning_rate, "rule": self.chosen.rule}

    @property
    def latents(self) -> Tensor:
        """The first of those that the study's evaluations make images of, (64, latent)."""
        return torch.randn(CHECKED, self.study.spec.model.latent, generator=stream(self.seed, "evaluation"))


def exporting(study: Study, chosen: Chosen) -> Exporting:
    """The run. Raises OverganError if the study makes no images, or has no such run, or no checkpoint of it."""
    if not hasattr(study, "losses"):
        study.generator()  # which says so
    gan = cast(Any, study)
    width = chosen.width
    if width is None:
        try:
            width = int(gan.recommend().width)
        except OverganError as error:
            raise OverganError(f"no width can be recommended ({error}); name one with {{argument}}", "width") from None
    seed = gan.spec.seeds[0] if chosen.seed is None else chosen.seed
    module = gan.generator(width, seed, learning_rate=chosen.learning_rate, rule=chosen.rule)
    return Exporting(gan, module, width, seed, chosen)
