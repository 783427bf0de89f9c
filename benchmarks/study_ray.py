"""What Ray adds to a study of 20 groups: its time on Ray on this machine, against that of the local executor.

python benchmarks/study_ray.py [--groups 20] [--seconds 60] [--turns 3] [--folder DIR]

The groups are those of a small GAN on the digits, trained for about so many seconds each; how many iterations that
takes is measured first. Both train the same ones, by turns, as many at once as there are cores, with one thread each;
starting and ending Ray counts. A turn that is in the folder's turns.jsonl is not done again. Printed is the median of
the ratios.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import overgan
from overgan.disk import append_jsonl, read_jsonl
from overgan.study import cores

FIRST_ITERATIONS = 300


def spec(groups: int, iterations: int) -> dict[str, Any]:
    return {
        "name": "ray",
        "data": {"name": "digits"},
        "model": {"name": "mlp", "latent": 8, "depth": 2},
        "widths": list(range(16, 16 + groups)),
        "seeds": [0, 1],
        "train": {"iterations": iterations, "evaluate_every": iterations, "log_every": iterations},
        "evaluate": {"features": ["pixels"], "samples": 100},
    }


def iterations_of(seconds: float, folder: Path) -> int:
    """How many iterations a group is trained for in so many seconds, beside another one."""
    study = overgan.run(spec(cores(), FIRST_ITERATIONS), folder, threads=1)
    return max(1, round(seconds / statistics.fmean(group.seconds / group.done for group in study.status())))


def timed(groups: int, iterations: int, folder: Path, executor: str) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    start = time.perf_counter()
    overgan.run(spec(groups, iterations), folder, executor=executor, workers=cores(), threads=1)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    turns = folder / "turns.jsonl"
    known = read_jsonl(turns)
    iterations = known[0]["iterations"] if known else iterations_of(given.seconds, folder / "first")
    for turn in range(len(known), given.turns):
        order = ["ray", "local"] if turn % 2 else ["local", "ray"]
        taken = {executor: timed(given.groups, iterations, folder / executor, executor) for executor in order}
        append_jsonl(turns, [taken | {"iterations": iterations}])
        print(f"turn {turn + 1}: ray {taken['ray']:.1f} s, local {taken['local']:.1f} s", flush=True)
    ratios = [row["ray"] / row["local"] for row in read_jsonl(turns)]
    print(
        f"{given.groups} groups of {iterations} iterations ({given.seconds:g} s): Ray takes "
        f"{statistics.median(ratios):.4f} of the local executor's time ({len(ratios)} turns, "
        f"{min(ratios):.4f} to {max(ratios):.4f})"
    )


if __name__ == "__main__":
    main()
