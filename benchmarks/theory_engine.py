"""The exact theory engine against the autograd reference: seconds, and the ratio, of the same simulation.

python benchmarks/theory_engine.py           the four problems below; autograd is timed over fewer steps and scaled up
python benchmarks/theory_engine.py --full    autograd over all steps (about five minutes)

Both engines run in this process with all cores. They alternate; the ratio is the median over the pairs.
Compilation, which is cached between processes, is not counted.
"""

import resource
import statistics
import sys
import time

from overgan.theory import Engine, ShallowGAN, simulate

PROBLEMS = [  # k, steps, steps of autograd that are timed, pairs
    (1_000, 4_000, 400, 5),
    (10_000, 1_000, 20, 5),
    (100, 4_000, 2_000, 5),
]
HUGE = 1_000_000, 200


def seconds(problem: ShallowGAN, steps: int, engine: Engine) -> float:
    start = time.perf_counter()
    simulate(problem, steps=steps, engine=engine)
    return time.perf_counter() - start


def main() -> None:
    full = "--full" in sys.argv
    simulate(ShallowGAN.gaussian(k=2), steps=2)  # compile
    simulate(ShallowGAN.gaussian(k=2), steps=2, engine="autograd")
    print("n = 1000, d = m = 10, eta=None, GDA: median of pairs")
    for k, steps, timed, pairs in PROBLEMS:
        problem = ShallowGAN.gaussian(k=k)
        exact, autograd = [], []
        for _ in range(pairs):
            exact.append(seconds(problem, steps, "exact"))
            part = steps if full else timed
            autograd.append(seconds(problem, part, "autograd") * steps / part)
        ratio = statistics.median(a / e for a, e in zip(autograd, exact, strict=True))
        print(
            f"k = {k:,}, {steps:,} steps: exact {statistics.median(exact):.3g} s, "
            f"autograd {statistics.median(autograd):.3g} s, ratio {ratio:.0f}"
        )
    k, steps = HUGE
    print(f"k = {k:,}, {steps} steps: exact {seconds(ShallowGAN.gaussian(k=k), steps, 'exact'):.3g} s, ", end="")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
