"""`overgan status`, `report`, `recommend` and `sample`: of a study's folder."""

from pathlib import Path
from typing import Annotated

from rich.box import HEAVY_HEAD
from typer import Option

import overgan
from overgan.cli._options import Folder
from overgan.cli._terminal import console, duration, print_table
from overgan.study import seconds_left

Tolerance = Annotated[float | None, Option(min=0, help="Fraction by which it may miss the best [default: the spec's].")]


def status(folder: Folder) -> None:
    """Show the runs done, under way and diverged; the time left."""
    study = overgan.load(folder)
    groups = study.status()
    unit, seeds = groups[0].unit, len(study.spec.seeds)
    rows = [
        [
            str(group.width),
            f"{group.done:,} of {group.total:,}",
            f"{group.seconds_each:.3g}" if group.seconds_each is not None else "–",
            group.result or "–",
            str(group.diverged),
            "finished" if group.complete else "begun" if group.done else "waiting",
        ]
        for group in groups
    ]
    print_table(["k", f"{unit}s", f"s per {unit}", "result", "diverged", "state"], rows, box=HEAVY_HEAD)
    diverged = sum(group.diverged for group in groups)
    finished = sum(seeds - group.diverged for group in groups if group.complete)
    console.print(f"{finished} of {len(groups) * seeds} runs finished, {diverged} diverged")
    left = seconds_left(groups, study.description.machine["workers"])
    if left:
        console.print(f"time left: at most about {duration(left)}, while it is running")


def report(folder: Folder) -> None:
    """Rebuild report.html and the figures."""
    console.print(f"report: {overgan.write_report(folder)}")


def recommend(folder: Folder, tolerance: Tolerance = None) -> None:
    """Say which width to use, why, and what it costs."""
    study = overgan.load(folder)
    recommendation = study.recommend(tolerance)
    console.print(f"recommended width: {recommendation}")
    counts = study.description.parameters[recommendation.width]
    seconds = study.group_status(recommendation.width).seconds / len(study.spec.seeds)
    console.print(
        f"cost: {' and '.join(f'{n:,} {network}' for network, n in counts.items())} parameters; "
        f"{duration(seconds)} a run on {study.description.machine['processor']}"
    )


def sample(
    folder: Folder,
    width: Annotated[int, Option(help="Width of the run.")],
    seed: Annotated[int | None, Option(help="Seed of the run [default: the first].")] = None,
    n: Annotated[int, Option("-n", help="Number of images.")] = 16,
    out: Annotated[Path | None, Option(metavar="DIR", help="Folder for the images [default: in the study's].")] = None,
) -> None:
    """Write images from a checkpoint as PNG files."""
    console.print(f"images: {overgan.load(folder).write_samples(width, seed, n, out)}")
