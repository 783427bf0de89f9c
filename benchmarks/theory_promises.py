"""What theory promises against what happens, as tables: step sizes, runs and the lemmas (docs/certificates.md).

python benchmarks/theory_promises.py    one to two minutes
"""

import numpy as np

from overgan.theory import (
    ShallowGAN,
    best_step_sizes,
    certify,
    lemmas,
    linearize,
    paired,
    paper_constants,
    simulate,
)


def step_sizes() -> None:
    print("steps until the residual is 1e-8 of the first, n = 1000, d = m = 10, seed 0")
    for k in (100, 1_000, 10_000):
        problem = ShallowGAN.gaussian(k=k)
        best = best_step_sizes(problem)
        usual, fewer = (
            simulate(problem, steps=40_000, stop_early=True, tol=1e-8, mu=1.0, eta=eta).first_below(1e-8) or np.nan
            for eta in (None, best.eta)
        )
        print(f"k = {k:,}: {usual} by the theorem's, {fewer} by the best, {usual / fewer:.2f} ({best.speedup:.2f})")


def runs() -> None:
    print("random targets, n = 1000, d = m = 10, seed 0, 2,000 steps, every 20th recorded")
    for k in (300, 1_000, 10_000):
        problem = ShallowGAN.gaussian(k=k)
        run = simulate(problem, steps=2_000, record=range(0, 2_001, 20))
        measured = certify(problem, trajectory=run)
        worst = [(c.number, float((c.left / np.maximum(c.right, c.allowance)).max())) for c in measured.claims]
        gap = (
            np.abs(linearize(problem).residual_norm(np.arange(2_001)) - run.residual_norm).max() / run.residual_norm[0]
        )
        print(
            f"k = {k:,}: measured epsilon / allowed {measured.excess:.2f}, holds: {measured.holds}, "
            f"worst left / right {', '.join(f'({number}) {ratio:.2g}' for number, ratio in worst)}, "
            f"claims hold: {all(c.holds.all() for c in measured.claims)}, largest gap to the prediction {gap:.1e}, "
            f"proven excess {certify(problem).excess:.3g}"
        )


def optimal() -> None:
    print(
        "the optimal discriminator, the same problems and steps; (38) from t = 20 on, as both its sides are equal at 0"
    )
    for k in (300, 1_000, 10_000):
        problem = ShallowGAN.gaussian(k=k)
        run = simulate(problem, "optimal", steps=2_000, record=range(20, 2_001, 20))
        measured = certify(problem, method="optimal", trajectory=run)
        worst = [f"({c.number}) {(c.left / np.maximum(c.right, c.allowance)).max():.2g}" for c in measured.claims]
        print(
            f"k = {k:,}: measured epsilon / allowed {measured.excess:.2f}, holds: {measured.holds}, worst left / right "
            f"{', '.join(worst)}, claims hold: {all(c.holds.all() for c in measured.claims)}, "
            f"proven excess {certify(problem, method='optimal').excess:.3g}"
        )
    print("units in pairs, n = 100, d = 5, m = 2, seeds 0 to 4: how many are certified, excess, by A.4 and by A.11")
    for k in (250, 500, 1_000, 2_000, 4_000, 8_000, 16_000):
        problems = [paired(ShallowGAN.gaussian(100, 5, 2, k // 2, seed=seed)) for seed in range(5)]
        for method in ("gda", "optimal"):
            found = [certify(problem, method=method) for problem in problems]
            excess = ", ".join(f"{c.excess:.3g}" for c in found)
            print(
                f"k = {k:,}, {method}: {sum(c.holds for c in found)} of 5; {excess}; rate of seed 0 {found[0].rate:.4f}"
            )


def constants() -> None:
    for k in (1_000, 100_000):
        linear = linearize(ShallowGAN.gaussian(k=k))
        lowest, highest = np.sqrt(linear.eigenvalues[[0, -1]])
        print(f"n = 1000, d = m = 10, k = {k:,}: {paper_constants(1000, 10, 10, k)}")
        print(
            f"  drawn: singular values {lowest:.4g} to {highest:.4g}, rate {1 - linear.eta * lowest**2 / 2:.4f}, "
            f"spectral radius {linear.spectral_radius:.4f}"
        )


def lemma_a9_in_the_proof() -> None:
    print("the largest u / k for which the proof of Theorem 2.1 takes Lemma A.9: x log(d/x) ≤ 1/(2·105000²), x = 3du/k")
    for d in (2, 10, 100):
        x = 1e-12
        for _ in range(100):
            x = 1 / (2 * 105_000**2 * np.log(d / x))
        print(f"d = {d}: u ≤ {x / (3 * d):.2g} k, and its right side falls from {1 / (3 * np.e):.2g} k on")


def frequencies() -> None:
    end = 0.99 * np.sqrt(1000 / 27) / 2
    for draws, radius, sizes in (
        (200, None, (1000, 10, 10, 1000)),
        (200, None, (100, 2, 2, 100)),
        (200, None, (1000, 10, 1, 100)),
        (50, end, (10, 10, 10, 1000)),
    ):
        print(f"n, d, m, k = {sizes}, {draws} draws, radius {radius}: how often, mean left, mean right")
        for row in lemmas(*sizes, draws=draws, radius=radius):
            print(f"  {row.number}: {row.frequency:.3f}, {row.left.mean():.4g}, {row.right.mean():.4g}")
    for m, k in ((10, 1_000), (1, 1_000), (10, 10_000)):
        for share in (0.1, 0.15, 0.2, 0.25, 0.3, 0.32):
            rows = {row.number: row for row in lemmas(1, 10, m, k, draws=30, radius=(share * k) ** 1.5 / (2 * k))}
            attained, every = (rows[number].frequency for number in ("A.9 attained", "A.9 all W"))
            print(f"A.9, d = 10, m = {m}, k = {k:,}, u = {share} k: a W {attained:.2f}, all W {every:.2f}")


if __name__ == "__main__":
    step_sizes()
    runs()
    optimal()
    constants()
    lemma_a9_in_the_proof()
    frequencies()
