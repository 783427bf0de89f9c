"""The DCGAN generator and critic at 16 to 256 pixels (paper, Figs. 1, 4, 5; Gulrajani et al., 2017)."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from overgan.models._channels import MULTIPLES, SMALL, START
from overgan.models.layers import Lanes, ReplicaBatchNorm, ReplicaConv2d, ReplicaLinear, ReplicaScore, fold
from overgan.models.nets._face import BlockGenerator

KERNEL = 5  # pixels; every layer doubles or halves the size, from or to START × START


class DCGANGenerator(BlockGenerator):
    """latent → 4k × 4 × 4 → 2k → k → channels (at 32 pixels): 5 × 5, stride 2, batch norm, ReLU; tanh."""

    def __init__(self, replicas: int, latent: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = [width * multiple for multiple in MULTIPLES[pixels]]
        self.per_number = pixels <= SMALL
        self.first = ReplicaLinear(replicas, latent, sizes[0] * START**2)
        # at 32 pixels the reference normalizes every number of the first layer, at 64 every channel
        self.norms = nn.ModuleList(
            ReplicaBatchNorm(replicas, size * START**2 if i == 0 and self.per_number else size)
            for i, size in enumerate(sizes)
        )
        self.layers = nn.ModuleList(
            ReplicaConv2d(replicas, i, o, KERNEL, 2, transposed=True) for i, o in pairwise([*sizes, channels])
        )

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
    """channels → k → 2k → 4k → 1 (at 32 pixels): 5 × 5, stride 2, LeakyReLU 0.2, no norm; linear."""

    def __init__(self, replicas: int, width: int, pixels: int, channels: int):
        super().__init__()
        sizes = [channels, *(width * multiple for multiple in reversed(MULTIPLES[pixels]))]
        self.layers = nn.ModuleList(ReplicaConv2d(replicas, i, o, KERNEL, 2, slope=0.2) for i, o in pairwise(sizes))
        self.last = ReplicaScore(replicas, sizes[-1] * START**2)

    def forward(self, images: Float[Tensor, "replicas batch c h w"] | Lanes) -> Float[Tensor, "replicas batch"]:
        """The score of each image."""
        x = fold(images)
        for layer in self.layers:
            x = layer(x)
        scores: Tensor = self.last(x)
        return scores
