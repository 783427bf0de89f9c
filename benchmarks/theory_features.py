"""Why a wide generator before random features is not predicted, how far its points move, and that GDA converges there.

OMP_NUM_THREADS=1 python benchmarks/theory_features.py    about a minute and a half of one core

Deep GANs of the prediction preset, means over five seeds. Moved: root mean square of G(z) after 200 steps minus G(z) at
the start, beside that of G(z) at the start. Residual: of GDA with the default step, over the first one, least to most
over the seeds. Nearer: the gap of the preset at k = 128 with random features, when the target is moved to a share of
its distance from f at the start.
"""

import copy

import numpy as np
import torch

from overgan.theory import DeepFeatureGAN, linearize, simulate

SEEDS, STEPS, LATER = range(5), 200, (200, 500, 1_000)


def points(problem: DeepFeatureGAN, theta: np.ndarray) -> np.ndarray:
    generator = copy.deepcopy(problem.generator)
    torch.nn.utils.vector_to_parameters(torch.tensor(theta), generator.parameters())
    return generator(problem.latents).detach().numpy()


def size(x: np.ndarray) -> float:
    return float(np.sqrt((x**2).sum(1).mean()))


def trained(k: int, feature_depth: int, seed: int) -> tuple[float, ...]:
    """How far the points moved, their size at the start, and the residuals of the steps in `LATER` over the first."""
    problem = DeepFeatureGAN.gaussian(n=50, k=k, seed=seed, feature_depth=feature_depth)
    start = points(problem, problem.theta0)
    run = simulate(problem, steps=LATER[-1], record=[STEPS])
    (theta,) = run.recorded_W
    return size(points(problem, theta) - start), size(start), *run.residual_norm[list(LATER)] / run.residual_norm[0]


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
            far, start, *residuals = np.transpose([trained(k, feature_depth, seed) for seed in SEEDS])
            print(f"{name} features, k = {k}: points of size {start.mean():.2f} moved by {far.mean():.2f}", flush=True)
            for t, residual in zip(LATER, residuals, strict=True):
                print(f"  residual after {t} steps: {min(residual):.2g} to {max(residual):.2g}", flush=True)
    for share in (1.0, 0.1, 0.01):
        print(
            f"target at {share:g} of its distance: gap {np.mean([gap(share, seed) for seed in SEEDS]):.2g}", flush=True
        )


if __name__ == "__main__":
    main()
