"""`overgan status`, `report`, `recommend` and `sample`: of a study's folder."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import overgan
from overgan.cli._options import Folder
from overgan.cli._terminal import console, duration


def status(folder: Folder) -> None:
    """Runs done, under way, diverged; time left."""
    from overgan.study import seconds_left

    study = overgan.load(folder)
    groups = study.status()
    unit = groups[0].unit
    table = Table("k", f"{unit}s", f"s per {unit}", "result", "diverged", "state")
    for group in groups:
        pace = group.seconds_each
        table.add_row(
            str(group.width),
            f"{group.done:,} of {group.total:,}",
            f"{pace:.3g}" if pace is not None else "–",
            group.result or "–",
            str(group.diverged),
            "finished" if group.complete else "begun" if group.done else "waiting",
        )
    console.print(table)
    runs, seeds = len(groups) * len(study.spec.seeds), len(study.spec.seeds)
    diverged = sum(group.diverged for group in groups)
    finished = sum(seeds - group.diverged for group in groups if group.complete)
    console.print(f"{finished} of {runs} runs finished, {diverged} diverged")
    left = seconds_left(groups, study.description.machine["workers"])
    if left:
        console.print(f"time left: at most about {duration(left)}, while it is running")


def report(folder: Folder) -> None:
    """Rebuild report.html and the figures."""
    console.print(f"report: {overgan.write_report(folder)}")


def recommend(folder: Folder, tolerance: Annotated[float | None, typer.Option(min=0)] = None) -> None:
    """The width to use, why, and what it costs."""
    study = overgan.load(folder)
    recommendation = study.recommend(tolerance)
    console.print(f"recommended width: {recommendation}")
    group = next(group for group in study.status() if group.width == recommendation.width)
    counts = study.description.parameters[recommendation.width]
    seconds = group.seconds / len(study.spec.seeds)
    console.print(
        f"cost: {' and '.join(f'{n:,} {network}' for network, n in counts.items())} parameters; "
        f"{duration(seconds)} a run on {study.description.machine['processor']}"
    )


def sample(
    folder: Folder,
    width: Annotated[int, typer.Option(help="Width of the run.")],
    seed: Annotated[int | None, typer.Option(help="Seed of the run [default: the first].")] = None,
    n: Annotated[int, typer.Option("-n", help="Number of images.")] = 16,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the images.")] = None,
) -> None:
    """Images from a checkpoint, as PNG files."""
    console.print(f"images: {overgan.load(folder).write_samples(width, seed, n, out)}")
