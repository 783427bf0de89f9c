"""`overgan status`: how far a study is."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from rich import filesize

import overgan.study
from overgan.cli._headlines import print_scale
from overgan.cli._jobs import print_jobs
from overgan.cli._options import Folder, Json, Trust
from overgan.cli._terminal import console, duration, pace, print_json, print_table
from overgan.errors import OverganError
from overgan.stores import is_address, local
from overgan.study import GroupStatus, SlurmJob
from overgan.words import counted, number


def status(folder: Folder, json_: Json = False, trust: Trust = False) -> None:
    """Show how far a study is.

    That is the runs done, under way and diverged, the time left, and the space on disk.
    """
    place = local(folder)
    if overgan.study.is_surface(place):
        _several(place, as_json=json_, trust=trust)
        return
    description, groups = overgan.study.read_status(folder, trust)
    spec, rounds = description.spec, overgan.study.read_rounds(place)
    runs = sum(group.runs or spec.runs_a_width for group in groups)
    diverged = sum(group.diverged for group in groups)
    finished = sum(_finished(group, spec.runs_a_width) for group in groups)
    left = overgan.study.seconds_left(groups, description.machine["workers"])
    jobs = _jobs(place)
    if json_:
        print_json(
            {"name": spec.name, "kind": spec.kind, "groups": [_values(group) for group in groups]}
            | {"runs": runs, "finished": finished, "diverged": diverged, "seconds_left": left}
            | {"bytes": overgan.study.space(folder)}
            | {"jobs": _job_values(jobs)}
            | {"round": rounds and {"number": len(rounds.rounds)} | rounds.newest.model_dump(include={"move", "why"})}
        )
        return
    result, *results = _results(groups)
    result += ", at the best learning rate" if any(group.learning_rate for group in groups) else ""
    rows = [
        [str(g.width), f"{g.done:,} of {g.total:,}", pace(g).partition(" " + g.unit)[0], str(g.diverged), g.state, cell]
        for g, cell in zip(groups, results, strict=True)
    ]
    print_table(["k", f"{groups[0].unit}s", "per\nsecond", "diverged", "state", result], rows, unbroken=5)
    console.print(f"{finished} of {counted(runs, 'run')} finished, {diverged} diverged")
    if rounds:
        console.print(overgan.study.round_words(rounds, len(rounds.rounds)))
    print_jobs(place, jobs, groups)
    print_scale(spec)
    where = "in the store" if is_address(folder) else "on disk"
    console.print(f"{where}: {filesize.decimal(overgan.study.space(folder))}")
    if left:
        of_round = " of this round, after which others may come" if rounds and rounds.planner == "sure" else ""
        console.print(f"time left{of_round}: at most about {duration(left)}, while it is running")


def _several(folder: Path, *, as_json: bool, trust: bool) -> None:
    """How far each of several studies of one spec is."""
    found: list[dict[str, Any]] = []
    begun: dict[str, tuple[list[SlurmJob], list[GroupStatus]]] = {}
    spec = overgan.study.read_surface(folder, trust)
    for name, part in spec.parts.items():
        place, groups, left = folder / name, list[GroupStatus](), None
        if (place / overgan.study.STUDY).exists():
            description, groups = overgan.study.read_status(place, trust)
            left = overgan.study.seconds_left(groups, description.machine["workers"])
        jobs = _jobs(place)
        begun[name] = jobs, groups
        each = part.spec.runs_a_width
        found.append(
            {
                "study": str(place),
                "runs": sum(group.runs or each for group in groups) or each * len(spec.widths),
                "finished": sum(_finished(group, each) for group in groups),
                "diverged": sum(group.diverged for group in groups),
                "seconds_left": left,
                "state": "waiting" if not groups else "finished" if all(g.complete for g in groups) else "begun",
                "jobs": _job_values(jobs),
            }
        )
    if as_json:
        print_json({"name": spec.name, "kind": spec.kind, "studies": found, "bytes": overgan.study.space(folder)})
        return
    rows = [
        [name, f"{of['finished']} of {of['runs']}", str(of["diverged"]), of["state"], _left(of["seconds_left"])]
        for name, of in zip(spec.parts, found, strict=True)
    ]
    print_table(["study", "runs finished", "diverged", "state", "time left"], rows, unbroken=4)
    for name, (jobs, groups) in begun.items():
        print_jobs(folder / name, jobs, groups, f"{name}: ")
    print_scale(spec)
    console.print(f"on disk: {filesize.decimal(overgan.study.space(folder))}")


def _jobs(folder: Path) -> list[SlurmJob]:
    """Those on Slurm, where the queue is seen."""
    with suppress(OverganError):
        return overgan.study.slurm_jobs(folder)
    return []


def _job_values(jobs: list[SlurmJob]) -> list[dict[str, Any]]:
    """What `--json` says of them."""
    return [{"k": job.width, "id": job.id, "state": job.state} for job in jobs]


def _left(seconds: float | None) -> str:
    return f"at most about {duration(seconds)}" if seconds else "–"


def _finished(group: GroupStatus, runs: int) -> int:
    """How many runs came to their end, of so many if the group does not say."""
    return group.finished or ((group.runs or runs) - group.diverged if group.complete else 0)


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
        "learning_rate": group.learning_rate,
        "diverged": group.diverged,
        "state": group.state,
    }


def _results(groups: list[GroupStatus]) -> list[str]:
    """The head of a column with the latest results, and its cells: numbers alone, if all are of one quantity."""
    found = [group for group in groups if group.result]
    quantities = {group.quantity for group in found if group.value is not None}
    if len(quantities) != 1 or not all(group.value is not None for group in found):
        return ["result", *(group.result or "–" for group in groups)]
    return [*quantities, *("–" if group.value is None else number(group.value) + _at(group) for group in groups)]


def _at(group: GroupStatus) -> str:
    return f", at {group.learning_rate:g}" if group.learning_rate else ""
