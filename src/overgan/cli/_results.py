"""`overgan report` and `overgan recommend`: what a study found."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

import overgan
from overgan.cli._headlines import print_headlines
from overgan.cli._options import Folder, Widths, listed
from overgan.cli._terminal import console, duration
from overgan.errors import OverganError

Results = Annotated[Path, Argument(metavar="DIR_OR_CSV", help="A study's folder, or a table: k, seed, value.")]
Tolerance = Annotated[
    float | None, Option(min=0, help="Fraction by which it may miss the best [default: the spec's, or 0.05].")
]
Confidence = Annotated[float, Option(help="That the interval holds the answer.")]


def report(folder: Folder, widths: Widths = None) -> None:
    """Rebuild report.html and the figures; those of some widths alone are written beside them."""
    console.print(f"report: {overgan.write_report(folder, None if widths is None else listed(widths))}")


def recommend(
    results: Results, tolerance: Tolerance = None, confidence: Confidence = 0.95, widths: Widths = None
) -> None:
    """Say which width to use, how sure that is, why, and what it costs.

    A table is a .csv file with the columns k, seed and value: a number of which less is better, or true if the run
    succeeded and false if not.
    """
    if results.is_file() or results.suffix == ".csv":
        if widths is not None:
            raise OverganError("--widths is for a study's folder; a table is narrowed by leaving its other rows out")
        tolerance = 0.05 if tolerance is None else tolerance
        console.print(str(overgan.recommend(results, tolerance, confidence)))
        return
    study = overgan.load(results)
    if widths is not None:
        study = study.narrowed(listed(widths))
    if study.shown:
        console.print(f"shown: {study.shown}")
    recommendation = study.recommend(tolerance, confidence)
    print_headlines(study, tolerance, confidence)
    counts = study.description.parameters[recommendation.width]
    seconds = study.group_status(recommendation.width).seconds / len(study.spec.seeds)
    console.print(
        f"cost: {' and '.join(f'{n:,} {network}' for network, n in counts.items())} parameters; "
        f"{duration(seconds)} a run on {study.description.machine['processor']}"
    )
