"""The nearest of 1,000 images in 50,000 of CIFAR-10's size, in pixel space, against scikit-learn's brute force.

python benchmarks/metrics_neighbours.py            images of noise at several scales
python benchmarks/metrics_neighbours.py FOLDER     real ones: a folder as data.root=FOLDER takes it, the first held-out
                                                   images in the first training images

Both run in this process with all cores and alternate; the ratio is the median over the pairs. scikit-learn is given the
pixels as float32, converted beforehand: it would convert uint8 to float64. The peak memory of each, images and imports
included, is that of a child process that does nothing else.
"""

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from overgan.metrics import nearest_neighbours

QUERIES, REFERENCES = 1_000, 50_000
PAIRS = 5


def images(folder: str | None) -> tuple[np.ndarray, np.ndarray]:
    if folder:
        from overgan.data import DataConfig, load_images

        real = load_images(DataConfig(name="folder", root=folder))
        queries, references = real.test[:QUERIES], real.train[:REFERENCES]
        return queries.reshape(len(queries), -1), references.reshape(len(references), -1)
    random = np.random.default_rng(0)
    total = np.zeros((QUERIES + REFERENCES, 32, 32, 3), np.uint8)
    for size in (1, 2, 4, 8, 16, 32):
        noise = random.integers(42, size=(len(total), size, size, 3), dtype=np.uint8)
        total += noise.repeat(32 // size, 1).repeat(32 // size, 2)
    flat = total.reshape(len(total), -1)
    return flat[:QUERIES], flat[QUERIES:]


def ours(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    return nearest_neighbours(queries, references)[1]


def scikit_learn(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(references)
    return search.kneighbors(queries, return_distance=False)


def peak_memory(which: str, folder: str | None) -> float:
    """GiB, measured where this function is called."""
    queries, references = images(folder)
    if which == "overgan":
        ours(queries, references)
    else:
        queries, references = queries.astype(np.float32), references.astype(np.float32)
        scikit_learn(queries, references)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def seconds(search: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    found = search()
    return time.perf_counter() - start, found


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    for which in ("overgan", "scikit-learn"):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
            print(f"{which}: peak memory {child.submit(peak_memory, which, folder).result():.2f} GiB", flush=True)
    queries, references = images(folder)
    queries_float, references_float = queries.astype(np.float32), references.astype(np.float32)
    ours(queries[:10], references[:10])
    scikit_learn(queries_float[:10], references_float[:10])  # imports
    times: list[tuple[float, float]] = []
    for _ in range(PAIRS):
        our_time, our_found = seconds(lambda: ours(queries, references))
        their_time, their_found = seconds(lambda: scikit_learn(queries_float, references_float))
        times.append((our_time, their_time))
    our_median, their_median = (statistics.median(t) for t in zip(*times, strict=True))
    ratio = statistics.median(theirs / ours for ours, theirs in times)
    print(
        f"{len(queries):,} in {len(references):,}: overgan {our_median:.3g} s, scikit-learn {their_median:.3g} s, "
        f"ratio {ratio:.2f}; the same neighbour for {(our_found == their_found).mean():.1%}"
    )


if __name__ == "__main__":
    main()
