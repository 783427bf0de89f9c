"""Five learning rates × five seeds against five seeds: what an iteration costs for each replica, alternating.

    python benchmarks/learning_rates.py [TURNS]

Prints, for each network, the median over the turns of (time of 25 replicas / 25) / (time of 5 replicas / 5). On one
thread and with the settings of memory that a worker of a study has.
"""

import multiprocessing
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import torch

from overgan.models import ModelConfig
from overgan.study.execute._environment import MALLOC
from overgan.training import Replicas, TrainConfig

SEEDS, RATES = [0, 1, 2, 3, 4], [2.5e-5, 5e-5, 1e-4, 2e-4, 4e-4]
NETWORKS = [("mlp", 8, (8, 8, 1)), ("mlp", 128, (8, 8, 1)), ("dcgan", 4, (32, 32, 3)), ("dcgan", 16, (32, 32, 3))]


def seconds(replicas: Replicas, images: torch.Tensor) -> float:
    """Of an iteration of one replica."""
    start = time.perf_counter()
    replicas.iterate(images)
    return (time.perf_counter() - start) / len(replicas.runs)


def main() -> None:
    """Print the ratios."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    torch.set_num_threads(1)
    for name, width, shape in NETWORKS:
        model = ModelConfig(name=name, latent=32 if name == "mlp" else 128)
        batch = 32 if name == "mlp" else 64
        images = torch.randint(256, (1000, *shape), dtype=torch.uint8)
        for rule in ("constant", "mup"):
            steps = {"learning_rate_rule": rule, "base_width": width // 2}
            one = Replicas(model, TrainConfig(batch=batch, **steps), width, shape, SEEDS)
            five = Replicas(model, TrainConfig(batch=batch, learning_rates=RATES, **steps), width, shape, SEEDS)
            for replicas in (one, five):
                replicas.iterate(images)
            ratios = [seconds(five, images) / seconds(one, images) for _ in range(turns)]
            low, high = min(ratios), max(ratios)
            print(f"{name} k = {width}, {rule}: {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})", flush=True)


if __name__ == "__main__":
    os.environ.update(MALLOC | os.environ)  # which a process reads as it starts
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(main).result()
