"""The coordinate check: how far the first updates move the outputs of every layer, at several widths.

By a rule that is right for wide networks it is as far at all widths (Yang et al., 2022, Appendix D.1): what a layer
gives must change by neither less and less nor more and more as k grows.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import UInt8

from overgan.models import ModelConfig, outputs, to_network
from overgan.training._config import TrainConfig
from overgan.training._loop import placed
from overgan.training._replicas import Replicas
from overgan.training._runs import Rule
from overgan.training._streams import Streams

UPDATES = (1, 5, 20)  # of each network, after which outputs are compared with those at initialization
SHOWN = 64  # latents and images, the same at every comparison, that the outputs are of


class Change(NamedTuple):
    """The root mean square of what the updates changed in a layer's outputs, over images and numbers."""

    rule: Rule
    k: int
    seed: int
    network: str  # generator or critic
    layer: str  # its name in the network
    updates: int
    rms: float


def changes(
    model: ModelConfig,
    config: TrainConfig,
    widths: Sequence[int],
    images: UInt8[np.ndarray, "images h w c"],
    seeds: Sequence[int],
    device: str = "cpu",
    progress: Callable[[str, int, int], None] = lambda *_: None,
    dither: bool = False,
) -> Iterator[Change]:
    """The changes at every width, seed, layer with parameters, and number of updates in UPDATES.

    An update is one of the critic and one of the generator, by the rule of the config. Outputs of the generator are
    those for fixed latents, of the critic those for fixed images, both in training mode.

    images: of the training set.
    device: PyTorch's name of what trains.
    progress: told what is under way, how many of all widths' updates are done, and of how many.
    dither: of real images in training.

    Raises OverganError if the networks cannot make images of this shape.
    """
    config = config.model_copy(update={"critic_steps": 1, "schedule": "constant", "average": None})
    _, height, width_px, channels = images.shape
    train = placed(images, device)
    shown = train[torch.linspace(0, len(images) - 1, min(SHOWN, len(images))).long().to(train.device)].to(device)
    for place, width in enumerate(widths):
        replicas = Replicas(model, config, width, (height, width_px, channels), list(seeds), device, dither)
        inputs = {
            "generator": Streams(replicas.seeds, "evaluation").normal(SHOWN, model.latent).to(device),
            "critic": to_network(shown).expand(len(replicas.runs), -1, -1, -1, -1),
        }
        before = {name: outputs(replicas.by_name[name], x) for name, x in inputs.items()}
        for update in range(1, UPDATES[-1] + 1):
            replicas.iterate(train)
            progress(f"k = {width}", place * UPDATES[-1] + update, len(widths) * UPDATES[-1])
            if update not in UPDATES:
                continue
            for network, x in inputs.items():
                for layer, y in outputs(replicas.by_name[network], x).items():
                    rms = (y - before[network][layer]).square().mean(1).sqrt().tolist()
                    for run, value in zip(replicas.runs, rms, strict=True):
                        yield Change(run.rule, width, run.seed, network, layer, update, value)


class Slope(NamedTuple):
    """How a layer's change goes with the width: as k to the power of the slope.

    error: the slope's standard error over seeds, NaN with one.
    """

    rule: Rule
    network: str
    layer: str
    updates: int
    slope: float
    error: float


def slopes(found: Iterable[Change]) -> list[Slope]:
    """The least-squares slope of log rms in log k, of the mean over seeds, for each rule, layer and number of updates.

    Where something is not finite, or nothing changed, so is the slope.
    """
    groups: dict[tuple[Rule, str, str, int], list[Change]] = {}
    for one in found:
        groups.setdefault((one.rule, one.network, one.layer, one.updates), []).append(one)
    return [Slope(*key, *_slope(of)) for key, of in groups.items()]


def _slope(of: Sequence[Change]) -> tuple[float, float]:
    """Of the changes of one layer, the seeds' mean slope and its standard error."""
    widths, seeds = sorted({one.k for one in of}), sorted({one.seed for one in of})
    values = {(one.k, one.seed): math.log(one.rms) if one.rms > 0 else math.nan for one in of}
    x = np.log(widths) - np.log(widths).mean()
    by_seed = np.array([[values[k, seed] for seed in seeds] for k in widths]).T @ x / (x @ x)
    return float(by_seed.mean()), float(by_seed.std(ddof=1) / len(seeds) ** 0.5) if len(seeds) > 1 else math.nan
