"""`overgan run` and `overgan status`: a study under way."""

from pathlib import Path
from typing import Annotated

from typer import Option

import overgan.study
from overgan.cli._options import Device, Folder, Overrides, Scale, SpecName
from overgan.cli._terminal import console, duration, fail, print_table, watch_groups
from overgan.errors import OverganError


def run(
    preset_or_yaml: SpecName,
    out: Annotated[Path | None, Option(metavar="DIR", help="The study's folder [default: runs/NAME].")] = None,
    overrides: Overrides = None,
    scale: Scale = 1.0,
    workers: Annotated[int | None, Option(help="Processes [default: one a core, or one a GPU].")] = None,
    device: Device = "auto",
) -> None:
    """Start a study, or go on with it, and write its report."""
    changes = overrides or []
    spec = overgan.study.load_spec(preset_or_yaml, changes, scale)
    if overgan.study.names_images(preset_or_yaml):
        for line in overgan.study.choices(preset_or_yaml, spec):
            console.print(line)
    if notice := overgan.study.KINDS[spec.kind].notice(spec):
        console.print(notice)
    try:
        with watch_groups() as watch:
            study = overgan.run(preset_or_yaml, out, changes, scale=scale, workers=workers, device=device, watch=watch)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on from the last checkpoint", 130)
    console.print(f"report: {overgan.write_report(study.folder)}")
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
        console.print(f"time left: at most about {duration(left)}, while it is running")
