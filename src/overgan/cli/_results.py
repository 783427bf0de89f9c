"""`overgan report` and `overgan recommend`: what a study found."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

import overgan
from overgan.cli._budget import Budget, Pace, print_for_budget
from overgan.cli._headlines import print_headlines
from overgan.cli._options import Folder, Json, Trust, Widths, listed
from overgan.cli._terminal import console, duration, print_json
from overgan.errors import OverganError
from overgan.stores import is_address, shown

Results = Annotated[
    str, Argument(metavar="DIR_OR_CSV", help="A study's folder or address, or a table: k, seed, value.")
]
Tolerance = Annotated[
    float | None, Option(help="Fraction by which it may miss the best [default: the spec's, or 0.05].")
]
Confidence = Annotated[
    float | None, Option(help="That the interval holds the answer [default: that of the study, or 0.95].")
]


def report(folder: Folder, widths: Widths = None, trust: Trust = False) -> None:
    """Rebuild report.html and the figures.

    Those of some widths alone are written beside them.
    """
    page = overgan.write_report(folder, None if widths is None else listed(widths), trust=trust)
    console.print(f"report: {shown(page)}")


def recommend(
    results: Results,
    tolerance: Tolerance = None,
    confidence: Confidence = None,
    widths: Widths = None,
    budget: Budget = None,
    pace: Pace = None,
    json_: Json = False,
    trust: Trust = False,
) -> None:
    """Say which width to use, why, and what it costs.

    It says how sure that is, too, or what it takes before a width can be recommended.

    A table is a .csv file with the columns k, seed and value: a number of which less is better, inf or diverged if the
    run diverged; or true if the run succeeded and false if not.

    With --budget it says which width to train once in that time.
    """
    if budget is None and pace is not None:
        raise OverganError("--pace is of --budget, the time of one training; give that, too")
    if not is_address(results) and (Path(results).is_file() or results.endswith(".csv")):
        if widths is not None:
            raise OverganError("--widths is for a study's folder; a table is narrowed by leaving its other rows out")
        if budget is not None:
            raise OverganError("--budget is for a study's folder; a table says nothing of time")
        found = overgan.recommend(
            results, 0.05 if tolerance is None else tolerance, 0.95 if confidence is None else confidence
        )
        print_json(_values(found)) if json_ else console.print(str(found))
        return
    study = overgan.load(results, trust)
    if widths is not None:
        study = study.narrowed(listed(widths))
    confidence = study.confidence(confidence)
    if budget is not None:
        print_for_budget(study, budget, pace, tolerance, confidence, as_json=json_)
        return
    found = study.recommend(tolerance, confidence)
    counts = study.description.parameters.get(found.width, {})
    group = study.group_status(found.width)
    if group.before:  # more runs are under way, or to come, of which nothing is known yet
        seconds = group.before / (group.finished + group.diverged)
    else:
        seconds = group.seconds / (group.runs or study.runs(found.width))
    processor = study.description.machine["processor"]
    if json_:
        print_json(
            _values(found)
            | {"cost": {"parameters": counts, "seconds_per_run": seconds, "processor": processor}}
            | ({"shown": list(study.spec.widths)} if study.shown else {})
        )
        return
    if study.shown:
        console.print(f"shown: {study.shown}")
    print_headlines(study, tolerance, confidence)
    networks = " and ".join(f"{n:,} {network}" for network, n in counts.items())
    console.print(f"cost: {networks} parameters; {duration(seconds)} a run on {processor}")


def _values(found: "overgan.Recommendation") -> dict[str, Any]:
    return {"recommended": found.recommended} | asdict(found)
