"""`overgan status`: how far a study is."""

from typing import Any

import overgan.study
from overgan.cli._headlines import print_scale
from overgan.cli._options import Folder, Json, Trust
from overgan.cli._terminal import console, duration, pace, print_json, print_table
from overgan.study import GroupStatus
from overgan.words import counted, number


def status(folder: Folder, json_: Json = False, trust: Trust = False) -> None:
    """Show the runs done, under way and diverged; the time left."""
    study = overgan.load(folder, trust)
    groups, seeds = study.status(), len(study.spec.seeds)
    diverged = sum(group.diverged for group in groups)
    finished = sum(seeds - group.diverged for group in groups if group.complete)
    left = overgan.study.seconds_left(groups, study.description.machine["workers"])
    if json_:
        print_json(
            {"name": study.spec.name, "kind": study.spec.kind, "groups": [_values(group) for group in groups]}
            | {"runs": len(groups) * seeds, "finished": finished, "diverged": diverged, "seconds_left": left}
        )
        return
    result, *results = _results(groups)
    rows = [
        [str(g.width), f"{g.done:,} of {g.total:,}", pace(g).partition(" " + g.unit)[0], str(g.diverged), g.state, cell]
        for g, cell in zip(groups, results, strict=True)
    ]
    print_table(["k", f"{groups[0].unit}s", "per\nsecond", "diverged", "state", result], rows, unbroken=5)
    console.print(f"{finished} of {counted(len(groups) * seeds, 'run')} finished, {diverged} diverged")
    print_scale(study.spec)
    if left:
        console.print(f"time left: at most about {duration(left)}, while it is running")


def _values(group: GroupStatus) -> dict[str, Any]:
    """What `--json` says of a group."""
    return {
        "k": group.width,
        "unit": group.unit,
        "done": group.done,
        "total": group.total,
        "seconds": group.seconds,
        "per_second": group.per_second,
        "quantity": group.quantity or None,
        "value": group.value,
        "diverged": group.diverged,
        "state": group.state,
    }


def _results(groups: list[GroupStatus]) -> list[str]:
    """The head of a column with the latest results, and its cells: numbers alone, if all are of one quantity."""
    found = [group for group in groups if group.result]
    quantities = {group.quantity for group in found if group.value is not None}
    if len(quantities) != 1 or not all(group.value is not None for group in found):
        return ["result", *(group.result or "–" for group in groups)]
    return [*quantities, *("–" if group.value is None else number(group.value) for group in groups)]
