"""Images that replicas' generators make, in training and from a checkpoint."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial

import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.func import functional_call

from overgan.errors import OverganError
from overgan.models import ModelConfig, Shape, networks, repeatable, to_images
from overgan.training._streams import Streams, stream

AVERAGE = "average"  # of the generator, as a checkpoint names its tensors
GENERATED = 10  # replicas whose images are made together
AT_ONCE = 16  # normal numbers that PyTorch draws; the last of other counts it draws in another way
GENERATE_CHUNK = 64  # images of a replica generated at once: as many as batch norm has in the paper's training


@torch.no_grad()
def generate(
    generator: nn.Module,
    seeds: Sequence[int],
    n: int,
    model: ModelConfig,
    dithered: bool = False,
    latents_seed: int | None = None,
    rows: slice = slice(None),
) -> UInt8[Tensor, "replicas {n} h w c"]:
    """Images of the first n latents of each seed's evaluation stream, made on the generator's device.

    seeds: of all of its replicas.
    dithered: whether real images were, in training.
    latents_seed: of another stream, the same for every replica, in place of those.
    rows: of these replicas alone.
    """
    if model.own and len(seeds[rows]) > 1:  # whose layers may draw: a replica's draws must not depend on the others
        places = range(*rows.indices(len(seeds)))
        alone = (slice(place, place + 1) for place in places)
        return torch.cat([generate(generator, seeds, n, model, dithered, latents_seed, row) for row in alone])
    make: Callable[[Tensor], Tensor] = generator
    if len(seeds[rows]) < len(seeds):
        tensors = {name: t[rows] for name, t in (*generator.named_parameters(), *generator.named_buffers())}
        make = partial(functional_call, generator, tensors)
    seeds = seeds[rows]
    whole = -(-n // GENERATE_CHUNK) * GENERATE_CHUNK  # an image depends on its batch, which must not depend on n
    used = whole if model.sampling_norm == "batch" or model.own else n
    streams = Streams(seeds, "evaluation") if latents_seed is None else Streams([latents_seed] * len(seeds), "samples")
    drawn = -(-whole // AT_ONCE) * AT_ONCE
    latents = streams.normal(drawn, model.latent)[:, :used].to(next(generator.parameters()).device)
    training = generator.training
    generator.eval()
    seed = stream(seeds[0] if latents_seed is None else latents_seed, "images").initial_seed()
    with repeatable(latents.device, seed) if model.own else nullcontext():
        images = [to_images(make(z), dithered).cpu() for z in torch.split(latents, GENERATE_CHUNK, 1)]
    generator.train(training)
    return torch.cat(images, 1)[:, :n]


def blocks(seeds: Sequence[int]) -> Iterator[slice]:
    """All replicas of these seeds, those together whose images are held in memory together: as many as there are seeds.

    Or GENERATED, if that is more.
    """
    together = max(GENERATED, len(set(seeds)))
    return (slice(first, first + together) for first in range(0, len(seeds), together))


def load_generator(
    model: ModelConfig, width: int, shape: Shape, replicas: int, tensors: dict[str, Tensor], device: str = "cpu"
) -> nn.Module:
    """The generators of a checkpoint's tensors, or their averages, on a device, without what only training needs.

    Raises OverganError if the tensors are not those of such networks, whose memory is not taken before that is known.
    """
    with torch.device("cpu" if model.own else "meta"):
        state = networks(model, width, shape, replicas).generator.state_dict()
    name = AVERAGE if any(key.startswith(f"{AVERAGE}.") for key in tensors) else "generator"
    found = {key: tensors[f"{name}.{key}"] for key in state if f"{name}.{key}" in tensors}
    for key, wanted in state.items():
        if key not in found or found[key].shape != wanted.shape:
            raise OverganError(f"the checkpoint of k = {width} has other networks than the spec; restore both")
    generator = networks(model, width, shape, replicas).generator
    generator.load_state_dict(found)
    return generator.to(device).requires_grad_(False)
