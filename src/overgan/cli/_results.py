"""`overgan report` and `overgan recommend`: what a study found."""

from typing import Annotated

from typer import Option

import overgan
from overgan.cli._options import Folder
from overgan.cli._terminal import console, duration

Tolerance = Annotated[float | None, Option(min=0, help="Fraction by which it may miss the best [default: the spec's].")]


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
