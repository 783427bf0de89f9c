"""The DCGAN generator and critic at 32 and 64 pixels (paper, Figs. 1, 4, 5; Gulrajani et al., 2017)."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from overgan.models.layers import Lanes, ReplicaBatchNorm, ReplicaConv2d, ReplicaLinear, fold, scores
from overgan.models.nets._face import BlockGenerator

KERNEL, START = 5, 4  # pixels; every layer doubles or halves the size, from or to START × START


def multiples(pixels: int) -> list[int]:
    """Channels of the generator's layers in multiples of k, the widest first: 4, 2, 1 at 32 pixels."""
    return [2**i for i in range((pixels // START).bit_length() - 2, -1, -1)]


class DCGANGenerator(BlockGenerator):
    """latent → 4k × 4 × 4 → 2k → k → channels (at 64 pixels from 8k): 5 × 5, stride 2, batch norm, ReLU; tanh."""

    def __init__(self, replicas: int, latent: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = [width * multiple for multiple in multiples(pixels)]
        self.first = ReplicaLinear(replicas, latent, sizes[0] * START**2)
        # at 32 pixels the reference normalizes every number of the first layer, at 64 every channel
        self.norms = nn.ModuleList(
            ReplicaBatchNorm(replicas, size * START**2 if i == 0 and pixels == 32 else size)
            for i, size in enumerate(sizes)
        )
        self.layers = nn.ModuleList(
            ReplicaConv2d(replicas, i, o, KERNEL, 2, transposed=True) for i, o in pairwise([*sizes, channels])
        )
        self.per_number = pixels == 32

    def folded(self, z: Float[Tensor, "replicas batch latent"]) -> Lanes:
        """Images with values in [-1, 1], in blocks."""
        first = self.first(z)
        if self.per_number:
            first = self.norms[0](first)
        x: Tensor = fold(first.unflatten(2, (-1, START, START)))
        for i, (norm, layer) in enumerate(zip(self.norms, self.layers, strict=True)):
            x = layer((x if i == 0 and self.per_number else norm(x)).relu())
        return x.tanh()


class DCGANCritic(nn.Module):
    """channels → k → 2k → 4k (at 64 pixels → 8k) → 1: 5 × 5, stride 2, LeakyReLU 0.2, no norm."""

    def __init__(self, replicas: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = [channels, *(width * multiple for multiple in reversed(multiples(pixels)))]
        self.layers = nn.ModuleList(ReplicaConv2d(replicas, i, o, KERNEL, 2, slope=0.2) for i, o in pairwise(sizes))
        self.last = ReplicaLinear(replicas, sizes[-1] * START**2, 1)

    def forward(self, images: Float[Tensor, "replicas batch c h w"] | Lanes) -> Float[Tensor, "replicas batch"]:
        """The score of each image."""
        x = fold(images)
        for layer in self.layers:
            x = layer(x)
        return scores(self.last, x)
