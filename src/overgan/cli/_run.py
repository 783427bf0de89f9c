"""`overgan run` and `overgan status`: a study under way."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

from typer import Option

import overgan.study
from overgan.cli._opening import print_heading
from overgan.cli._options import Device, Folder, Overrides, Scale, SpecName
from overgan.cli._renewal import renewed_report
from overgan.cli._terminal import console, duration, fail, print_table
from overgan.cli._watch import screen
from overgan.errors import OverganError
from overgan.study import GroupStatus

STOPPED = "stopped; the same command goes on from the last checkpoint"


def run(
    preset_or_yaml: SpecName,
    out: Annotated[Path | None, Option(metavar="DIR", help="The study's folder [default: runs/NAME].")] = None,
    overrides: Overrides = None,
    scale: Scale = 1.0,
    workers: Annotated[int | None, Option(help="Processes [default: one a core, or one a GPU].")] = None,
    threads: Annotated[int | None, Option(help="Threads of each process [default: its share of the cores].")] = None,
    device: Device = "auto",
    quiet: Annotated[bool, Option("--quiet", help="Print only the last two lines, warnings and errors.")] = False,
) -> None:
    """Start a study, or go on with it, and write its report.

    The report is there from the first evaluation on, and is renewed while the study runs.
    """
    changes = overrides or []
    settings: dict[str, Any] = {"scale": scale, "workers": workers, "threads": threads, "device": device}
    try:
        with screen(quiet=quiet) as (opened, show):
            spec = overgan.study.load_spec(preset_or_yaml, changes, scale)
            if not quiet:
                print_heading(spec)
            with renewed_report(overgan.study.study_folder(spec, out)) as renew:

                def watch(groups: list[GroupStatus]) -> None:
                    show(groups)
                    renew(groups)

                study = overgan.run(preset_or_yaml, out, changes, opened=opened, watch=watch, **settings)
    except KeyboardInterrupt:
        fail(STOPPED, 130)
    except SystemExit as end:  # at SIGTERM or SIGHUP
        if not isinstance(end.code, int):
            raise
        fail(STOPPED, end.code)
    with nullcontext() if quiet else console.status("writing the report and its figures"):
        page = overgan.write_report(study.folder)
    console.print(f"report: {page}")
    try:
        console.print(f"recommended width: {study.recommend()}")
    except OverganError as error:  # a result, not a mistake
        console.print(f"no width can be recommended: {error}")


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
    print_table(["k", f"{unit}s", f"s per {unit}", "result", "diverged", "state"], rows)
    diverged = sum(group.diverged for group in groups)
    finished = sum(seeds - group.diverged for group in groups if group.complete)
    console.print(f"{finished} of {len(groups) * seeds} runs finished, {diverged} diverged")
    left = overgan.study.seconds_left(groups, study.description.machine["workers"])
    if left:
        console.print(f"time left: about {duration(left)}, while it is running")
