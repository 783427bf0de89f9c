"""Images from the newest checkpoints of a GAN's width study."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from torch import Tensor, nn

from overgan.errors import OverganError
from overgan.study._mirror import fetch, numbers_and_weights
from overgan.study._store import group_folder
from overgan.study.gan._spec import GanSpec
from overgan.training import Checkpoint, Run, blocks, generate, load_checkpoint, load_generator


def newest_checkpoint(folder: Path, spec: GanSpec, width: int) -> tuple[Checkpoint, dict[str, Tensor]]:
    """The newest checkpoint of a width that is whole, and its tensors.

    Raises OverganError if there is no such width, no checkpoint yet, or all of them are damaged.
    """
    group = group_folder(folder, width)
    if width not in spec.widths:
        raise OverganError(f"{folder} has no width {width}; it has {spec.widths}")
    fetch(folder, numbers_and_weights, [width])
    found = load_checkpoint(group)
    if found is None:
        raise OverganError(f"{group} has no checkpoint yet; let the study go on")
    return found


def generators(
    folder: Path, spec: GanSpec, shape: tuple[int, int, int], width: int, device: str = "cpu"
) -> tuple[list[Run], nn.Module | None]:
    """The runs of a width that did not diverge, and their generators, or averages, as replicas, if there are any.

    shape: height, width and channels of the images that the study was trained on.
    device: PyTorch's name of the one that it is on.

    Raises OverganError as `newest_checkpoint` does.
    """
    checkpoint, tensors = newest_checkpoint(folder, spec, width)
    if not (runs := checkpoint.left(spec.train)):
        return [], None
    return runs, load_generator(spec.model, width, shape, len(runs), tensors, device)


def samples(
    folder: Path,
    spec: GanSpec,
    shape: tuple[int, int, int],
    width: int,
    n: int,
    device: str = "cpu",
    latents_seed: int | None = None,
) -> Iterator[tuple[Run, UInt8[np.ndarray, "{n} h w c"]]]:
    """Each run of a width that did not diverge, and its first n images; the same whenever they are asked for.

    latents_seed: of latents that are no run's own. The other arguments and errors are those of `generators`.
    """
    runs, generator = generators(folder, spec, shape, width, device)
    if generator is None:
        return
    seeds = [run.seed for run in runs]
    for block in blocks(seeds):
        images = generate(generator, seeds, n, spec.model, spec.data.dither, latents_seed, block)
        yield from zip(runs[block], images.numpy(), strict=True)
