"""`overgan run`: a study is started, or gone on with."""

from pathlib import Path
from typing import Annotated

from typer import Option

import overgan.study
from overgan.cli._headlines import print_headlines
from overgan.cli._options import Device, Overrides, Scale, SpecName
from overgan.cli._terminal import console, fail, watch_groups
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
    if notice := overgan.study.KINDS[spec.kind].notice(spec):
        console.print(notice)
    try:
        with watch_groups() as watch:
            study = overgan.run(preset_or_yaml, out, changes, scale=scale, workers=workers, device=device, watch=watch)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on from the last checkpoint", 130)
    console.print(f"report: {overgan.write_report(study.folder)}")
    try:
        print_headlines(study)
    except OverganError as error:  # a result, not a mistake
        console.print(f"no width can be recommended: {error}")
