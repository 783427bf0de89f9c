"""Linearizing a deep generator of a million parameters with m = 64: seconds, and the ratio to torch.func.jacrev.

python benchmarks/theory_deep.py

The baseline is J Jᵀ of the whole Jacobian by jacrev, 16 outputs at a time by vmap. Fully connected: n = 1000 latents,
float64. Convolutional: a DCGAN of 32 × 32 pixels, n = 64, float32. The two alternate in this process with all cores;
the ratio is the median over the pairs. Busy cores make two threads wait for each other: use OMP_NUM_THREADS=1 there.

python benchmarks/theory_deep.py --large    ten million parameters, n = 50, without the baseline
"""

import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.func import functional_call, jacrev

from overgan.theory import DeepFeatureGAN, linearize

M, CHUNK, PAIRS = 64, 16, 3
LARGE = "--large" in sys.argv


def fully_connected() -> DeepFeatureGAN:
    sizes = 64, 800, 800, 400
    generator = nn.Sequential(nn.Linear(64, 800), nn.ReLU(), nn.Linear(800, 800), nn.ReLU(), nn.Linear(800, 400))
    features = nn.Sequential(nn.Linear(sizes[-1], 256), nn.ReLU(), nn.Linear(256, M))
    return DeepFeatureGAN(generator, features, torch.randn(1000, 64), torch.randn(1000, 400))


def convolutional() -> DeepFeatureGAN:
    k = 64
    layers: list[nn.Module] = [nn.Linear(64, 4 * k * 16), nn.Unflatten(1, (4 * k, 4, 4)), nn.ReLU()]
    for a, b in ((4 * k, 2 * k), (2 * k, k), (k, 3)):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1), nn.ReLU() if b > 3 else nn.Tanh()]
    features = nn.Sequential(nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 256, M))
    images = torch.randn(64, 3, 32, 32)
    return DeepFeatureGAN(nn.Sequential(*layers), features, torch.randn(64, 64), images, dtype="float32")


def large() -> DeepFeatureGAN:
    generator = nn.Sequential(nn.Linear(100, 2500), nn.ReLU(), nn.Linear(2500, 2500), nn.ReLU(), nn.Linear(2500, 1400))
    return DeepFeatureGAN(generator, nn.Linear(1400, M), torch.randn(50, 100), torch.randn(50, 1400))


def by_jacrev(problem: DeepFeatureGAN) -> torch.Tensor:
    def f(weights: dict[str, torch.Tensor]) -> torch.Tensor:
        return problem.features(functional_call(problem.generator, weights, (problem.latents,))).mean(0)

    rows = jacrev(f, chunk_size=CHUNK)({name: p.detach() for name, p in problem.generator.named_parameters()})
    J = torch.cat([part.flatten(1) for part in rows.values()], 1)
    return J @ J.T


def main() -> None:
    makes = (("large", large),) if LARGE else (("fully connected", fully_connected), ("convolutional", convolutional))
    for name, make in makes:
        torch.manual_seed(0)
        problem = make()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        ours, theirs, processor = [], [], []
        for _ in range(1 if LARGE else PAIRS):
            start, used = time.perf_counter(), time.process_time()
            gram = linearize(problem).gram
            ours.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
            if LARGE:
                continue
            start = time.perf_counter()
            error = abs(by_jacrev(problem).double().numpy() - gram).max() / gram.max()
            theirs.append(time.perf_counter() - start)
            if error > 1e-4:
                raise RuntimeError(f"jacrev and overgan differ by {error}")
        seconds = f"{statistics.median(ours):.3g} s ({statistics.median(processor):.3g} s of processor time)"
        print(f"{name}, {problem!r}: overgan {seconds}")
        if theirs:
            ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
            print(f"  jacrev {statistics.median(theirs):.3g} s, ratio {ratio:.2g}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"  peak memory {peak:.2f} GiB, {before:.2f} before")


if __name__ == "__main__":
    main()
