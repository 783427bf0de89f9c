"""`overgan report` and `overgan recommend`: what a study found."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

import overgan
from overgan.cli._options import Folder, Json
from overgan.cli._terminal import console, duration, print_json

Results = Annotated[Path, Argument(metavar="DIR_OR_CSV", help="A study's folder, or a table: k, seed, value.")]
Tolerance = Annotated[
    float | None, Option(min=0, help="Fraction by which it may miss the best [default: the spec's, or 0.05].")
]
Confidence = Annotated[float, Option(help="That the interval holds the answer.")]


def report(folder: Folder) -> None:
    """Rebuild report.html and the figures."""
    console.print(f"report: {overgan.write_report(folder)}")


def recommend(
    results: Results, tolerance: Tolerance = None, confidence: Confidence = 0.95, json_: Json = False
) -> None:
    """Say which width to use, how sure that is, why, and what it costs.

    A table is a .csv file with the columns k, seed and value: a number of which less is better, or true if the run
    succeeded and false if not.
    """
    cost: dict[str, Any] = {}
    if results.is_file() or results.suffix == ".csv":
        found = overgan.recommend(results, 0.05 if tolerance is None else tolerance, confidence)
    else:
        study = overgan.load(results)
        found = study.recommend(tolerance, confidence)
        cost = {
            "parameters": study.description.parameters[found.width],
            "seconds_per_run": study.group_status(found.width).seconds / len(study.spec.seeds),
            "processor": study.description.machine["processor"],
        }
    if json_:
        print_json(asdict(found) | ({"cost": cost} if cost else {}))
        return
    console.print(f"recommended width: {found}")
    if cost:
        counts = " and ".join(f"{n:,} {network}" for network, n in cost["parameters"].items())
        console.print(f"cost: {counts} parameters; {duration(cost['seconds_per_run'])} a run on {cost['processor']}")
