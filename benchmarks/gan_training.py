"""WGAN-GP training of five seeds against the textbook loop: seed-iterations per second, and their ratio.

python benchmarks/gan_training.py [dcgan:8 resnet:16 dcgan:8:128 mlp:1024 ...]

A case is a model, its width k and its images' pixels, 32 if they are not given.

The textbook loop is below: plain PyTorch, float32, contiguous, one network, two threads, five seeds one after another.
Ours trains five seeds of a width as replicas in each of two single-threaded processes, as a study on two cores does.
Batch 64, 5 critic steps, colour images, evaluation not counted; the two alternate, and the ratio is the median over
pairs. Beside it: the share of what the two processes reach together in large matrix products (float32) that the
arithmetic of these iterations makes, the generator's forward and the critic's eleven passes a critic step.
"""

import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, pairwise

import torch
from torch import Tensor, nn

from overgan.models import ModelConfig
from overgan.study.execute._environment import MALLOC
from overgan.training import Replicas, TrainConfig, products_an_iteration

MULTIPLES = {16: (2, 1), 32: (4, 2, 1), 64: (8, 4, 2, 1), 128: (16, 8, 4, 2, 1), 256: (16, 8, 8, 4, 2, 1)}
DEFAULT = ["dcgan:4", "dcgan:8", "dcgan:16", "dcgan:32", "dcgan:64", "resnet:8", "resnet:16"]
BATCH, CRITIC_STEPS, LATENT, SEEDS = 64, 5, 128, 5
WORKERS, PAIRS, SECONDS = 2, 3, 4.0


class Block(nn.Module):
    """A residual block of the textbook ResNet."""

    def __init__(self, i: int, o: int, resample: str, norm: Callable[[int], nn.Module]):
        super().__init__()
        self.resample = resample
        middle = i if resample == "down" else o
        self.norms = nn.ModuleList([norm(i), norm(middle)])
        self.convs = nn.ModuleList([nn.Conv2d(i, middle, 3, padding=1), nn.Conv2d(middle, o, 3, padding=1)])
        self.shortcut = nn.Conv2d(i, o, 1) if resample else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norms[0](x).relu()
        if self.resample == "up":
            x, y = (nn.functional.interpolate(t, scale_factor=2) for t in (x, y))
        y = self.convs[1](self.norms[1](self.convs[0](y)).relu())
        y = y + self.shortcut(x)
        return nn.functional.avg_pool2d(y, 2) if self.resample == "down" else y


class First(nn.Module):
    """The first block of the textbook ResNet critic."""

    def __init__(self, k: int):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, k, 3, padding=1), nn.ReLU(), nn.Conv2d(k, k, 3, padding=1))
        self.shortcut = nn.Conv2d(3, k, 1)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(self.body(x) + self.shortcut(x), 2)


def textbook_networks(name: str, k: int, pixels: int) -> tuple[nn.Module, nn.Module]:
    """Generator and critic in plain layers."""
    if name == "mlp":
        return textbook_mlp(k, pixels)
    sizes = [multiple * k for multiple in MULTIPLES[pixels]]
    return textbook_resnet(k, sizes, pixels) if name == "resnet" else textbook_dcgan(sizes, pixels)


def textbook_mlp(k: int, pixels: int) -> tuple[nn.Module, nn.Module]:
    numbers = 3 * pixels**2
    first, second = (nn.Linear(i, k) for i in (LATENT, numbers))
    return (
        nn.Sequential(first, nn.ReLU(), nn.Linear(k, k), nn.ReLU(), nn.Linear(k, numbers), nn.Tanh(), image(pixels)),
        nn.Sequential(nn.Flatten(), second, nn.LeakyReLU(0.2), nn.Linear(k, k), nn.LeakyReLU(0.2), nn.Linear(k, 1)),
    )


def image(pixels: int) -> nn.Module:
    return nn.Unflatten(1, (3, pixels, pixels))


def textbook_resnet(k: int, sizes: list[int], pixels: int) -> tuple[nn.Module, nn.Module]:
    small = pixels <= 32
    sizes = [k] * (len(sizes) + 1) if small else [sizes[0], *sizes]
    generator = nn.Sequential(
        *(nn.Linear(LATENT, 16 * sizes[0]), nn.Unflatten(1, (sizes[0], 4, 4))),
        *(Block(i, o, "up", nn.BatchNorm2d) for i, o in pairwise(sizes)),
        *(nn.BatchNorm2d(k), nn.ReLU(), nn.Conv2d(k, 3, 3, padding=1), nn.Tanh()),
    )
    if small:
        blocks = [*["down"] * (len(sizes) - 3), "", ""]
        critic = nn.Sequential(
            First(k),
            *(Block(k, k, resample, lambda _: nn.Identity()) for resample in blocks),
            *(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(k, 1)),
        )
    else:
        critic = nn.Sequential(
            nn.Conv2d(3, k, 3, padding=1),
            *(Block(i, o, "down", lambda channels: nn.GroupNorm(1, channels)) for i, o in pairwise(sizes[::-1])),
            *(nn.Flatten(), nn.Linear(16 * sizes[0], 1)),
        )
    return generator, critic


def textbook_dcgan(sizes: list[int], pixels: int) -> tuple[nn.Module, nn.Module]:
    first, k = sizes[0], sizes[-1]
    unflatten = nn.Unflatten(1, (first, 4, 4))
    norm = [nn.BatchNorm1d(16 * first), unflatten] if pixels <= 32 else [unflatten, nn.BatchNorm2d(first)]

    def up(i: int, o: int) -> nn.Module:
        return nn.ConvTranspose2d(i, o, 5, 2, 2, output_padding=1)

    ups = (layer for i, o in pairwise(sizes) for layer in (up(i, o), nn.BatchNorm2d(o), nn.ReLU()))
    downs = ((nn.Conv2d(i, o, 5, 2, 2), nn.LeakyReLU(0.2)) for i, o in pairwise([3, *sizes[::-1]]))
    return (
        nn.Sequential(nn.Linear(LATENT, 16 * first), *norm, nn.ReLU(), *ups, up(k, 3), nn.Tanh()),
        nn.Sequential(*chain.from_iterable(downs), nn.Flatten(), nn.Linear(16 * first, 1)),
    )


class Textbook:
    """One seed's textbook training."""

    def __init__(self, name: str, k: int, pixels: int, seed: int):
        torch.manual_seed(seed)
        self.generator, self.critic = textbook_networks(name, k, pixels)
        self.adams = [torch.optim.Adam(n.parameters(), 1e-4, (0.5, 0.999)) for n in (self.generator, self.critic)]

    def iterate(self, images: Tensor) -> None:
        generator_adam, critic_adam = self.adams
        for _ in range(CRITIC_STEPS):
            real = images[torch.randint(len(images), (BATCH,))].float().permute(0, 3, 1, 2).contiguous() / 127.5 - 1
            fake = self.generator(torch.randn(BATCH, LATENT)).detach()
            mix = torch.rand(BATCH, 1, 1, 1)
            between = (mix * real + (1 - mix) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
            penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
            loss = self.critic(fake).mean() - self.critic(real).mean() + 10 * penalty
            critic_adam.zero_grad()
            loss.backward()
            critic_adam.step()
        generator_adam.zero_grad()
        (-self.critic(self.generator(torch.randn(BATCH, LATENT))).mean()).backward()
        generator_adam.step()


def images(pixels: int) -> Tensor:
    """Random images: what is in them does not change the time."""
    return torch.randint(256, (1000, pixels, pixels, 3), dtype=torch.uint8)


def textbook_rate(name: str, k: int, pixels: int) -> float:
    """Seed-iterations a second of the seeds one after another."""
    torch.set_num_threads(WORKERS)
    data, done, spent = images(pixels), 0, 0.0
    for seed in range(SEEDS):
        gan = Textbook(name, k, pixels, seed)
        gan.iterate(data)
        start = time.perf_counter()
        while time.perf_counter() - start < SECONDS / SEEDS:
            gan.iterate(data)
            done += 1
        spent += time.perf_counter() - start
    return done / spent


def our_rate(name: str, k: int, pixels: int) -> float:
    """Seed-iterations a second of one worker."""
    torch.set_num_threads(1)
    data, model = images(pixels), ModelConfig(name=name, latent=LATENT)
    gan = Replicas(model, TrainConfig(batch=BATCH), k, (pixels, pixels, 3), list(range(SEEDS)))
    gan.iterate(data)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        gan.iterate(data)
        done += SEEDS
    return done / (time.perf_counter() - start)


def gigaflops(name: str, k: int, pixels: int) -> float:
    """Arithmetic of an iteration of one seed."""
    model, config = ModelConfig(name=name, latent=LATENT), TrainConfig(critic_steps=CRITIC_STEPS)
    return 2e-9 * BATCH * products_an_iteration(model, config, k, (pixels, pixels, 3))


def peak(size: int) -> float:
    """Gigaflops a second of a large matrix product in one worker: the best of many."""
    torch.set_num_threads(1)
    a, seconds, start = torch.randn(size, size), [], time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        begin = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - begin)
    return 2e-9 * size**3 / min(seconds)


def case(text: str) -> tuple[str, int, int]:
    """The model, k and pixels of a case."""
    name, k, *pixels = text.split(":")
    return name, int(k), int(*pixels or [32])


def main() -> None:
    cases = [case(text) for text in sys.argv[1:] or DEFAULT]
    os.environ.update(MALLOC | os.environ)  # of the workers, as a study sets it
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        most = sum(pool.map(peak, [1536] * WORKERS))
        print(f"matrix products: {most:.4g} gigaflops a second")
        for name, k, pixels in cases:
            of = name, k, pixels
            ours, textbook = [], []
            for _ in range(PAIRS):
                ours.append(sum(pool.map(our_rate, *([value] * WORKERS for value in of))))
                textbook.append(textbook_rate(*of))
            ratio = statistics.median(o / t for o, t in zip(ours, textbook, strict=True))
            share = statistics.median(ours) * gigaflops(*of) / most
            print(
                f"{name}, k = {k}, {pixels} px: {statistics.median(ours):.3g} seed-iterations/s against "
                f"{statistics.median(textbook):.3g}, ratio {ratio:.2f}; {share:.0%} of the matrix products' speed",
                flush=True,
            )


if __name__ == "__main__":
    main()
