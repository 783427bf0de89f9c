"""`overgan run`: a study is started, or gone on with."""

from contextlib import nullcontext
from typing import Annotated, Any

from typer import Option

import overgan.study
from overgan.cli._headlines import print_headlines, print_scale
from overgan.cli._opening import print_choices, print_heading
from overgan.cli._options import Device, Out, Overrides, Scale, SpecName
from overgan.cli._renewal import renewed_report
from overgan.cli._terminal import console, fail
from overgan.cli._watch import screen, waiting
from overgan.errors import OverganError
from overgan.stores import shown
from overgan.study import GroupStatus

STOPPED = "stopped; the same command goes on from the last checkpoint"


def run(
    preset_or_yaml: SpecName,
    out: Out = None,
    overrides: Overrides = None,
    scale: Scale = 1.0,
    workers: Annotated[int | None, Option(help="Processes [default: one a core, or one a GPU].")] = None,
    threads: Annotated[int | None, Option(help="Threads of each process [default: its share of the cores].")] = None,
    device: Device = "auto",
    quiet: Annotated[bool, Option("--quiet", help="Print only what was found, warnings and errors.")] = False,
) -> None:
    """Start a study, or go on with it, and write its report.

    The report is there from the first evaluation on, and is renewed while the study runs.
    """
    changes = overrides or []
    settings: dict[str, Any] = {"scale": scale, "workers": workers, "threads": threads, "device": device}
    try:
        with waiting(f"reading {preset_or_yaml}", quiet=quiet):
            spec = overgan.study.load_spec(preset_or_yaml, changes, scale)
        if not quiet:
            print_heading(spec)
            if overgan.study.names_images(preset_or_yaml):
                print_choices(overgan.study.choices(preset_or_yaml, spec))
        with screen(quiet=quiet) as (opened, show), renewed_report(overgan.study.study_folder(spec, out)) as renew:

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
    console.print(f"report: {shown(page)}")
    try:
        print_headlines(study)
    except OverganError as error:  # a result, not a mistake
        console.print(f"no width can be recommended: {error}")
        print_scale(study.spec)
