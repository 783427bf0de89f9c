"""What a report costs: seconds and bytes of a study of made-up runs with pictures of 32 × 32 pixels in colour.

python benchmarks/report.py [WIDTHS SEEDS EVALUATIONS]    10 5 100 by default: the page alone, with its figures, claims
python benchmarks/report.py WIDTHS SEEDS EVALUATIONS profile    the functions that the page alone spends most time in

The first page of a process also loads what it needs; both are printed.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import overgan
from overgan.disk import sha256, write_json, write_jsonl
from overgan.pictures import image_grid, image_png
from overgan.study import load_spec
from overgan.study._machine import machine, versions
from overgan.study._store import Description, group_folder, write_description
from overgan.study.gan.claims import CLAIMS
from overgan.training import EVALUATIONS, LOG, NEIGHBOURS, PROGRESS, SAMPLES
from overgan.training._checkpoint import save_checkpoint

EVERY, COLUMNS, SIZE = 100, 10, 32
SPACES = ("random", "pixels")


def pictures(random: np.random.Generator, rows: int) -> bytes:
    """A grid of smooth random images, which take as many bytes as small photographs."""
    coarse = random.integers(256, size=(rows * COLUMNS, 9, 9, 3), dtype=np.uint8)
    images = [np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC)) for image in coarse]
    noisy = np.clip(np.array(images) + random.normal(0, 6, (rows * COLUMNS, SIZE, SIZE, 3)), 0, 255).astype(np.uint8)
    return image_png(image_grid(noisy.reshape(rows, COLUMNS, SIZE, SIZE, 3)))


def fabricate(folder: Path, widths: int, seeds: int, evaluations: int) -> None:
    """A finished study, twice as wide each width as the one before, measured in two feature spaces."""
    spec = load_spec(
        {
            "name": "fabricated",
            "data": {"name": "cifar10"},
            "model": {"name": "dcgan"},
            "widths": [2**i for i in range(widths)],
            "seeds": list(range(seeds)),
            "train": {"iterations": EVERY * evaluations, "evaluate_every": EVERY, "log_every": EVERY},
            "evaluate": {"features": list(SPACES)},
        }
    )
    data = {"name": "cifar10", "train": 50_000, "test": 10_000, "compared": 10_000, "shape": [SIZE, SIZE, 3]}
    described = {
        "data": data | {"fingerprint": "made up"},
        "features": {space: {"dimension": 64} for space in SPACES},
        "parameters": {k: {"generator": 100 * k * k, "critic": 100 * k * k} for k in spec.widths},
    }
    made = {"command": "none", "versions": versions(), "machine": machine(2) | {"threads": 1, "devices": ["cpu"]}}
    write_description(folder, Description(spec=spec, **described, **made))
    random = np.random.default_rng(0)
    some = [pictures(random, seeds) for _ in range(10)]  # drawn once, and shown again and again
    for width in spec.widths:
        group = group_folder(folder, width)
        (group / SAMPLES).mkdir(parents=True)
        runs = [(seed, EVERY * (i + 1)) for i in range(evaluations) for seed in spec.seeds]
        rows = [
            {"seed": seed, "iteration": t, "features": space, "frechet_train": at * a, "frechet_test": at * b}
            for seed, t in runs
            for space in SPACES
            for at in [(1 + 20 / width) * (1 + 1000 / t)]
            for a, b in [random.lognormal(sigma=0.1, size=2).tolist()]
        ]
        for row in rows:
            if row["iteration"] == spec.train.iterations:
                row |= {"frechet_gap": 0.1, "frechet_gap_error": 0.2, "frechet_gap_draws": 10}
        write_jsonl(group / EVALUATIONS, rows)
        names = ("critic_loss", "wasserstein", "gradient_penalty", "generator_loss", "moved_generator", "moved_critic")
        write_jsonl(group / LOG, ({"seed": s, "iteration": t} | dict.fromkeys(names, 0.5 + 1 / t) for s, t in runs))
        write_json(group / PROGRESS, {"iteration": spec.train.iterations, "seconds": 60.0, "frechet_test": 1.0})
        for i in range(evaluations):
            (group / SAMPLES / f"{EVERY * (i + 1):08d}.png").write_bytes(some[i % len(some)])
        for seed in spec.seeds:
            (group / NEIGHBOURS / f"seed-{seed}").mkdir(parents=True)
            for space in SPACES:
                (group / NEIGHBOURS / f"seed-{seed}" / f"{space}.png").write_bytes(some[seed % len(some)])
        known = {str(path.relative_to(group)): sha256(path.read_bytes()) for path in group.rglob("*.png")}
        index = {
            "pictures": known,
            "iteration": spec.train.iterations,
            "seeds": spec.seeds,
            "diverged": {},
            "seconds": 60.0,
        }
        save_checkpoint(group, {"weights": torch.zeros(seeds)}, complete=True, **index)


def seconds(function, *arguments, **settings) -> float:
    start = time.perf_counter()
    function(*arguments, **settings)
    return time.perf_counter() - start


def main(widths: int, seeds: int, evaluations: int, profile: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fabricate(Path(folder), widths, seeds, evaluations)
        if profile:
            profiler = cProfile.Profile()
            profiler.runcall(overgan.write_report, folder, figures=False)
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
            return
        first = seconds(overgan.write_report, folder, figures=False)
        again = seconds(overgan.write_report, folder, figures=False)
        drawn = seconds(overgan.write_report, folder)
        size = (Path(folder) / "report.html").stat().st_size
        print(
            f"{widths} × {seeds} × {evaluations}: page {first:.1f} s, again {again:.1f} s, with figures {drawn:.1f} s"
        )
        print(f"page {size / 1e6:.2f} MB")
        study = overgan.load(folder)
        for name in CLAIMS:
            print(f"claim {name}: {seconds(CLAIMS[name], study, 0.95):.2f} s")


if __name__ == "__main__":
    *sizes, profile = [*sys.argv[1:], ""] if sys.argv[-1] != "profile" else sys.argv[1:]
    main(*(map(int, sizes) if sizes else (10, 5, 100)), profile=bool(profile))
