"""The cost of a certificate: seconds and peak memory, for n = 1000, d = m = 10 and k up to 100,000.

python benchmarks/theory_certify.py

One process with all cores. Compilation, which is cached between processes, is not counted.
"""

import resource
import time

from overgan.theory import ShallowGAN, certify


def main() -> None:
    certify(ShallowGAN.gaussian(n=10, k=10))  # compile
    print("n = 1000, d = m = 10, eta=None")
    for k in (1_000, 10_000, 100_000):
        problem = ShallowGAN.gaussian(k=k)
        wall, cpu = time.perf_counter(), time.process_time()
        certificate = certify(problem)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"k = {k:,}: {wall:.3g} s ({cpu:.3g} s of processor time), peak memory {memory:.2f} GiB, "
            f"holds: {certificate.holds}, excess {certificate.excess:.3g}"
        )


if __name__ == "__main__":
    main()
