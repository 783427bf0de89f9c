"""What large studies cost beside their training.

python benchmarks/study.py load WIDTHS SEEDS EVALUATIONS    seconds of `overgan status` and of a report, runs made up
python benchmarks/study.py workers ITERATIONS               one worker's time over two workers', one thread each
python benchmarks/study.py checkpoints WIDTH                share of training time that checkpoints and a mirror take

`workers` trains four groups of equal cost by turns with one and with two workers, three times, and prints the median
ratio. `checkpoints` writes the checkpoint of a DCGAN with five seeds at 32 pixels, beside 10,000 rows of losses, and
sends it to a store in this process, as a worker does every `train.checkpoint_seconds`.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from overgan.disk import append_jsonl, write_json, write_jsonl
from overgan.models import ModelConfig
from overgan.stores import Part, Remote
from overgan.study import KINDS, load_spec, run
from overgan.study._machine import machine, versions
from overgan.study._store import Description, group_folder, write_description
from overgan.training import EVALUATIONS, LOG, PROGRESS, Replicas, TrainConfig
from overgan.training._checkpoint import save_checkpoint

EVERY = 100  # iterations from one evaluation to the next
RUNS, TURNS = 5, 3


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


def workers(iterations: int) -> None:
    spec = {
        "name": "workers",
        "data": {"name": "digits"},
        "model": {"name": "mlp", "latent": 16, "depth": 2},
        "widths": [62, 63, 64, 65],
        "seeds": [0, 1, 2, 3, 4],
        "train": {"iterations": iterations, "evaluate_every": iterations},
        "evaluate": {"features": ["pixels"], "samples": 100},
    }
    ratios = []
    for _ in range(TURNS):
        seconds = []
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                run(spec, f"{folder}/study", workers=count, threads=1)
                seconds.append(time.perf_counter() - start)
        ratios.append(seconds[0] / seconds[1])
        print(f"one worker {seconds[0]:.1f} s, two {seconds[1]:.1f} s, {ratios[-1]:.2f} times as fast", flush=True)
    print(f"median: {np.median(ratios):.2f}")


def checkpoints(width: int) -> None:
    config = TrainConfig(iterations=1)
    replicas = Replicas(ModelConfig(name="dcgan"), config, width, (32, 32, 3), seeds=[0, 1, 2, 3, 4])
    index = {"seeds": replicas.seeds, "diverged": {}, "seconds": 0.0, "complete": False}
    names = ("critic_loss", "wasserstein", "gradient_penalty", "generator_loss", "moved_generator", "moved_critic")
    with tempfile.TemporaryDirectory() as folder:
        group = Path(folder)
        append_jsonl(
            group / LOG, ({"seed": i % 5, "iteration": i} | dict.fromkeys(names, 0.1 * i) for i in range(10**4))
        )
        part = Part(Remote("memory://store"), group, "group", ("checkpoint.json",))
        saving, sending = [], []
        for i in range(RUNS):
            start = time.perf_counter()
            saved = save_checkpoint(group, replicas.tensors(), iteration=i, **index)
            middle = time.perf_counter()
            part.push()
            saving.append(middle - start)
            sending.append(time.perf_counter() - middle)
        size = (group / saved.file).stat().st_size / 2**20
    for name, seconds in (("checkpoint", np.median(saving)), ("mirror", np.median(sending))):
        print(
            f"{name} of {size:.1f} MiB: {seconds:.3f} s, {seconds / config.checkpoint_seconds:.3%} of the training time"
        )


if __name__ == "__main__":
    {"load": load, "workers": workers, "checkpoints": checkpoints}[sys.argv[1]](*map(int, sys.argv[2:]))
