"""`overgan run`: a study is started, or gone on with."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

import overgan.study
from overgan.cli._headlines import print_headlines, print_scale
from overgan.cli._jobs import print_submitted
from overgan.cli._opening import print_choices, print_heading
from overgan.cli._options import Device, Out, Overrides, Scale, SpecName, given, names_of
from overgan.cli._renewal import renewed_report
from overgan.cli._terminal import console, duration, fail
from overgan.cli._watch import screen, waiting
from overgan.errors import OverganError
from overgan.stores import shown
from overgan.study import EXECUTORS, GroupStatus

if TYPE_CHECKING:
    from overgan.study import Study

WORKERS_HELP = "Processes [default: one a core, or one a GPU]; on a cluster, widths at once."
THREADS_HELP = "Threads of each process [default: its share of the cores; on a cluster, 1]."
ON_HELP = "What starts the workers: processes here, Ray here (ray) or its cluster (ray://auto, ray://HOST:PORT), Slurm."
GPUS_HELP = (
    "With --on ray or slurm: GPUs of each width, or its share of one [default: with Ray 1 where there are GPUs]."
)
SLURM_HELP = "With --on slurm: options of sbatch, such as partition=gpu,time=4:00:00."
SURE_HELP = "Train only what it takes to name the narrowest width that is enough: more seeds, wider, or longer."
CONFIDENCE_HELP = "With --until-sure: that it is the right one [default: 0.95]."
BUDGET_HELP = "With --until-sure: the time that this may take, such as 90s, 30m or 2h [default: no end]."
STOPPED = "stopped; the same command goes on from the last checkpoint"


def run(
    preset_or_yaml: SpecName,
    out: Out = None,
    overrides: Overrides = None,
    scale: Scale = 1.0,
    workers: Annotated[int | None, Option(help=WORKERS_HELP)] = None,
    threads: Annotated[int | None, Option(help=THREADS_HELP)] = None,
    device: Device = "auto",
    executor: Annotated[
        str, Option("--on", metavar="local|ray[://ADDRESS]|slurm", help=ON_HELP, autocompletion=names_of(EXECUTORS))
    ] = "local",
    gpus: Annotated[float | None, Option(help=GPUS_HELP)] = None,
    slurm: Annotated[str | None, Option(metavar="KEY=VALUE,…", help=SLURM_HELP)] = None,
    until_sure: Annotated[bool, Option("--until-sure", help=SURE_HELP)] = False,
    confidence: Annotated[float | None, Option(help=CONFIDENCE_HELP)] = None,
    budget: Annotated[str | None, Option(metavar="TIME", help=BUDGET_HELP)] = None,
    quiet: Annotated[bool, Option("--quiet", help="Print only what was found, warnings and errors.")] = False,
) -> None:
    """Start a study, or go on with it, and write its report.

    The report is there from the first evaluation on, and is renewed while the study runs.
    """
    changes = overrides or []
    settings: dict[str, Any] = {"scale": scale, "workers": workers, "threads": threads, "device": device}
    settings |= {"executor": executor, "options": given(gpus=gpus, slurm=slurm)}
    settings |= {"until_sure": until_sure, "confidence": confidence, "budget": budget}
    try:
        with waiting(f"reading {preset_or_yaml}", quiet=quiet):
            spec = overgan.study.load_spec(preset_or_yaml, changes, scale)
        if not quiet:
            print_heading(spec, until_sure=until_sure)
            if overgan.study.names_images(preset_or_yaml):
                print_choices(overgan.study.choices(preset_or_yaml, spec))
        shown_by = screen(quiet=quiet, until_sure=until_sure)
        renewed = renewed_report(overgan.study.study_folder(spec, out), has_parts=bool(spec.parts))
        with shown_by as (opened, show), renewed as renew:

            def watch(groups: list[GroupStatus]) -> None:
                show(groups)
                renew(groups)

            study = overgan.run(preset_or_yaml, out, changes, opened=opened, watch=watch, **settings)
        _tell(study, quiet=quiet)
    except KeyboardInterrupt:
        fail(STOPPED, 130)
    except SystemExit as end:  # at a signal
        if not isinstance(end.code, int):
            raise
        fail(STOPPED, end.code)


def _tell(study: "Study", *, quiet: bool) -> None:
    """Write the report and say what was found; of a study that goes on without this process, where it is."""
    groups, rounds = study.status(), overgan.study.read_rounds(study.folder)
    is_over = rounds is not None and rounds.is_over
    if not is_over and not all(group.complete for group in groups):
        print_submitted(study.folder, getattr(study, "studies", {"": study}).values())  # a surface has several
        return
    if study.spec.parts:
        page = overgan.write_report(study.folder, trust=True)
        console.print(f"report: {page}")
        for headline in study.headlines():
            console.print(headline)
        print_scale(study.spec)
        return
    with nullcontext() if quiet else console.status("writing the report and its figures"):
        page = overgan.write_report(study.folder, trust=True)
    console.print(f"report: {shown(page)}")
    try:
        print_headlines(study)
    except OverganError as error:  # a result, not a mistake
        console.print(f"no width can be recommended: {error}")
        print_scale(study.spec)
    least = overgan.study.next_seconds(study.folder) if is_over else None
    if least is not None and all(group.complete for group in groups):
        console.print(
            f"the next round takes at least about {duration(least)}, for which the time left was too short; the same "
            "command, with a longer budget or without, goes on"
        )
    elif is_over and not all(group.complete for group in groups):
        console.print("the time is up; the same command, with a new budget or without, goes on")
