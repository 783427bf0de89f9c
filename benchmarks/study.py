"""What large studies cost beside their training.

python benchmarks/study.py load WIDTHS SEEDS EVALUATIONS    seconds of `overgan status` and of a report, runs made up
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from overgan.disk import write_json, write_jsonl
from overgan.study import KINDS, load_spec
from overgan.study._machine import machine, versions
from overgan.study._store import Description, group_folder, write_description
from overgan.training import EVALUATIONS, LOG, PROGRESS
from overgan.training._checkpoint import save_checkpoint

EVERY = 100  # iterations from one evaluation to the next
RUNS = 5


def fabricate(folder: Path, widths: int, seeds: int, evaluations: int) -> None:
    """A finished study of digits whose rows and weights are made up, each run with so many evaluations and log rows."""
    spec = load_spec(
        {
            "name": "fabricated",
            "data": {"name": "digits"},
            "model": {"name": "mlp", "latent": 4, "depth": 2},
            "widths": list(range(1, widths + 1)),
            "seeds": list(range(seeds)),
            "train": {"iterations": EVERY * evaluations, "evaluate_every": EVERY, "log_every": EVERY},
            "evaluate": {"features": ["pixels"], "samples": 100},
        }
    )
    facts = KINDS["gan"].facts(spec)
    folder.mkdir(parents=True, exist_ok=True)
    described = {"data": facts.data, "features": facts.features, "parameters": facts.parameters}
    made = {"command": "none", "versions": versions(), "machine": machine(2) | {"threads": 1, "devices": ["cpu"]}}
    write_description(folder, Description(spec=spec, **described, **made))
    random = np.random.default_rng(0)
    for width in spec.widths:
        group = group_folder(folder, width)
        group.mkdir()
        runs = [(seed, EVERY * (i + 1)) for i in range(evaluations) for seed in spec.seeds]
        noise = random.lognormal(sigma=0.1, size=(len(runs), 2))
        level = [(1 + 20 / width) * (1 + 1000 / iteration) for _, iteration in runs]
        write_jsonl(
            group / EVALUATIONS,
            (
                {"seed": s, "iteration": t, "features": "pixels", "frechet_train": at * a, "frechet_test": at * b}
                for (s, t), at, (a, b) in zip(runs, level, noise.tolist(), strict=True)
            ),
        )
        names = ("critic_loss", "wasserstein", "gradient_penalty", "generator_loss", "moved_generator", "moved_critic")
        write_jsonl(group / LOG, ({"seed": s, "iteration": t} | dict.fromkeys(names, 0.5) for s, t in runs))
        reached = {"iteration": spec.train.iterations, "seconds": 60.0, "frechet_test": 1 + 20 / width}
        write_json(group / PROGRESS, reached)
        index = {"iteration": spec.train.iterations, "seeds": spec.seeds, "diverged": {}, "seconds": 60.0}
        save_checkpoint(group, {"weights": torch.zeros(seeds)}, complete=True, **index)


def load(widths: int, seeds: int, evaluations: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fabricate(Path(folder), widths, seeds, evaluations)
        for name, command in (("status", ["status", folder]), ("report", ["report", folder])):
            seconds = []
            for _ in range(RUNS if name == "status" else 1):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-m", "overgan", *command], check=True, stdout=subprocess.DEVNULL)
                seconds.append(time.perf_counter() - start)
            print(f"{name} of {widths} × {seeds} × {evaluations}: {np.median(seconds):.3g} s")


if __name__ == "__main__":
    {"load": load}[sys.argv[1]](*map(int, sys.argv[2:]))
