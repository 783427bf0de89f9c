"""How the theory engines' cost grows with the width, the number of latents and the number of steps.

python benchmarks/theory_cost.py docs/figures/theory-cost.png

Seconds of one GDA simulation with the default step around n = 1000, d = m = 10, k = 1000, 1000 steps; medians of three,
and the slope of a least-squares line through the logarithms of the last four points. Autograd is timed over a few
steps and scaled up.
"""

import statistics
import sys
import time

import numpy as np
from matplotlib.figure import Figure

from overgan.theory import Engine, ShallowGAN, simulate

AXES = {  # name: values, and those of them at which autograd is timed too
    "k": ([30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000], 10_000),
    "n": ([100, 300, 1_000, 3_000, 10_000, 30_000], 10_000),
    "steps": ([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000], 16_000),
}
AUTOGRAD_STEPS = 10
REPEATS = 3
FITTED = 4  # points, at the large end: the smaller ones are overhead


def seconds(engine: Engine, n: int = 1000, k: int = 1000, steps: int = 1000) -> float:
    """Median over the repeats."""
    problem = ShallowGAN.gaussian(n=n, k=k)
    timed = steps if engine == "exact" else AUTOGRAD_STEPS
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        simulate(problem, steps=timed, engine=engine)
        times.append((time.perf_counter() - start) * steps / timed)
    return statistics.median(times)


def main() -> None:
    simulate(ShallowGAN.gaussian(k=2), steps=2)  # compile
    simulate(ShallowGAN.gaussian(k=2), steps=2, engine="autograd")
    figure = Figure(figsize=(12, 4), layout="constrained")
    engines: tuple[Engine, ...] = ("exact", "autograd")
    for axes, (name, (values, limit)) in zip(figure.subplots(1, 3, sharey=True), AXES.items(), strict=True):
        for engine in engines:
            xs = [x for x in values if engine == "exact" or x <= limit]
            ys = [seconds(engine, **{name: x}) for x in xs]
            slope = np.polyfit(np.log(xs[-FITTED:]), np.log(ys[-FITTED:]), 1)[0]
            axes.loglog(xs, ys, "o-", markersize=3, label=f"{engine}, slope {slope:.2f}")
            print(f"{engine} against {name}: slope {slope:.2f};", ", ".join(map("{}: {:.3g} s".format, xs, ys)))
        axes.set_xlabel(name)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.axes[0].set_ylabel("seconds")
    figure.savefig(sys.argv[1], dpi=100)


if __name__ == "__main__":
    main()
