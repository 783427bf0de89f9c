"""Why a wide generator before random features is not predicted: how far its points move, and targets that are nearer.

python benchmarks/theory_features.py    about half a minute

Deep GANs of the prediction preset, 200 steps, means over three seeds. Moved: root mean square of G(z) at the end minus
G(z) at the start, beside that of G(z) at the start. Nearer: the gap of the preset at k = 128 with random features, when
the target is moved to a share of its distance from f at the start.
"""

import copy

import numpy as np
import torch

from overgan.theory import DeepFeatureGAN, linearize, simulate

SEEDS, STEPS = range(3), 200


def points(problem: DeepFeatureGAN, theta: np.ndarray) -> np.ndarray:
    generator = copy.deepcopy(problem.generator)
    torch.nn.utils.vector_to_parameters(torch.tensor(theta), generator.parameters())
    return generator(problem.latents).detach().numpy()


def size(x: np.ndarray) -> float:
    return float(np.sqrt((x**2).sum(1).mean()))


def moved(k: int, feature_depth: int, seed: int) -> tuple[float, float]:
    problem = DeepFeatureGAN.gaussian(n=50, k=k, seed=seed, feature_depth=feature_depth)
    start = points(problem, problem.theta0)
    return size(points(problem, simulate(problem, steps=STEPS).W) - start), size(start)


def gap(share: float, seed: int) -> float:
    problem = DeepFeatureGAN.gaussian(n=50, k=128, seed=seed)
    away = linearize(problem).r_0
    object.__setattr__(problem, "target", problem.target + (1 - share) * away)
    linear, t = linearize(problem), np.arange(0, STEPS + 1, 5)
    run = simulate(problem, steps=STEPS, record=t.tolist())
    apart = run.recorded_residual - linear.state(t)[:, : len(away)]
    return float(np.linalg.norm(apart, axis=1).max() / run.residual_norm[0])


def main() -> None:
    for feature_depth, name in ((0, "linear"), (1, "random")):
        for k in (8, 32, 128, 512):
            far, start = np.mean([moved(k, feature_depth, seed) for seed in SEEDS], 0)
            print(f"{name} features, k = {k}: points of size {start:.2f} moved by {far:.2f}", flush=True)
    for share in (1.0, 0.1, 0.01):
        print(
            f"target at {share:g} of its distance: gap {np.mean([gap(share, seed) for seed in SEEDS]):.2g}", flush=True
        )


if __name__ == "__main__":
    main()
