"""What a worker's process is given before it starts."""

import os

# glibc gives the pages of big temporaries back, and every step faults them in again; other systems ignore this
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}


def worker_environment(threads: int) -> dict[str, str]:
    """The environment variables of a worker with so many threads; memory is as the user has set it, if at all."""
    memory = {name: os.environ.get(name, value) for name, value in MALLOC.items()}
    return memory | {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
