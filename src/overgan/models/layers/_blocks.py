"""How images lie between layers: (replicas, blocks, height, width, channels, lanes), a batch in blocks of `lanes`.

With LANES images a block, on a CPU, convolutions are our own, whose vectors run over the lanes: several times as fast
as a library's for narrow layers. Everywhere else a batch is one block, and PyTorch convolves it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from overgan.models.kernels import LANES, compiled

Lanes = Float[Tensor, "replicas blocks _ _ _ lanes"]  # …, height, width, channels, lanes


def fold(x: Float[Tensor, "replicas batch c h w"] | Lanes) -> Lanes:
    """The batch in blocks: of LANES images where convolutions are our own, else a single one; blocks as they are."""
    if x.ndim == 6:
        return x
    replicas, batch, *image = x.shape
    blocks = batch // LANES if batch % LANES == 0 and is_ours(x) else 1
    return x.reshape(replicas, blocks, -1, *image).permute(0, 1, 4, 5, 3, 2).contiguous()


def unfold(x: Lanes) -> Float[Tensor, "replicas batch c h w"]:
    """The blocks as one batch."""
    return x.permute(0, 1, 5, 4, 2, 3).flatten(1, 2)


def is_ours(x: Tensor) -> bool:
    """Whether the compiled convolutions take such numbers, and work on this machine."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and compiled() is not None
