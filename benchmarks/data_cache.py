"""What each of two workers takes before its first batch of images: from the cache, and, as without one, the whole set.

python benchmarks/data_cache.py PATH    image files, as data.root=PATH takes them

PATH is decoded into the cache first. Then two processes at once load it, by turns from the cache and whole, five times.
Printed are the medians of the memory that a worker gained and shares with nobody, and of the seconds it took.
"""

import os
import statistics
import sys
import tempfile
from subprocess import PIPE, Popen

TURNS, WORKERS = 5, 2
NOWHERE = os.devnull  # a folder that cannot be made
WORKER = """
import re, sys, time
from pathlib import Path
import numpy as np
from overgan.data import DataConfig, load_images

def anonymous():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

before, start = anonymous(), time.perf_counter()
images = load_images(DataConfig(name="folder", root=sys.argv[1])).train
images[np.random.default_rng(0).integers(len(images), size=64)]
print(anonymous() - before, time.perf_counter() - start)
"""


def measure(path: str, cache: str) -> list[float]:
    """MiB and seconds, each the mean of the workers."""
    command = [sys.executable, "-c", WORKER, path]
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    workers = [Popen(command, env=environment, stdout=PIPE, stderr=PIPE, text=True) for _ in range(WORKERS)]
    found = [[float(word) for word in worker.communicate()[0].split()] for worker in workers]
    return [statistics.fmean(values) for values in zip(*found, strict=True)]


def main(path: str) -> None:
    with tempfile.TemporaryDirectory() as cache:
        measure(path, cache)
        turns = [(measure(path, cache), measure(path, NOWHERE)) for _ in range(TURNS)]
    for i, (name, unit) in enumerate((("memory", "MiB"), ("time", "s"))):
        ours, whole = (statistics.median(turn[side][i] for turn in turns) for side in (0, 1))
        print(f"{name} of a worker: {ours:.3g} {unit} in place of {whole:.3g} {unit}, {whole / ours:.3g} times less")


if __name__ == "__main__":
    main(sys.argv[1])
