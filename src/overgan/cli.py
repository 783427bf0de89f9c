"""The `overgan` command: every command calls one public function."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

import overgan
from overgan.errors import OverganError

if TYPE_CHECKING:
    from overgan.study import GroupStatus

app = typer.Typer(help="How wide must a GAN be?", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
console = Console(highlight=False, soft_wrap=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")]


@app.command()
def presets() -> None:
    """List what can be run, the figures of the paper it gives, and its cost here at full scale."""
    from overgan.study import load_spec, preset_names

    table = Table(
        Column("preset", no_wrap=True),
        "figures",
        "widths × seeds",
        "a run",
        "time here",
        box=SIMPLE_HEAD,
    )
    for name in preset_names():
        spec = load_spec(name)
        with console.status(f"timing {name}"):
            seconds = spec.seconds()
        table.add_row(
            name,
            ", ".join(map(str, spec.figures)),
            f"{spec.widths[0]} … {spec.widths[-1]} × {len(spec.seeds)}",
            spec.length,
            f"about {_duration(seconds)}",
        )
    console.print(table)
    console.print(
        "Times are extrapolated: from an iteration at the narrower widths and the arithmetic of the wider ones, "
        "evaluation not counted, or from the first seed of a theory study."
    )


@app.command()
def run(
    preset_or_yaml: Annotated[str, typer.Argument(metavar="PRESET_OR_YAML", help="A preset's name or a .yaml file.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The study's folder [default: runs/NAME].")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the spec; may be repeated.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Fraction of the iterations and samples to run.")] = 1.0,
    workers: Annotated[int | None, typer.Option(help="Processes [default: one a core, or one a GPU].")] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="What trains; auto: a GPU if there is one.")] = (
        "auto"
    ),
) -> None:
    """Start a study, or go on with it, and write its report."""
    from overgan.study import load_spec

    if notice := load_spec(preset_or_yaml, overrides or [], scale).notice:
        console.print(notice)
    try:
        with _progress() as watch:
            study = overgan.run(
                preset_or_yaml, out, overrides or [], scale=scale, workers=workers, device=device, watch=watch
            )
    except KeyboardInterrupt:
        _fail("stopped; the same command goes on from the last checkpoint", 130)
    page = overgan.write_report(study.folder)
    console.print(f"report: {page}")
    try:
        console.print(f"recommended width: {study.recommend()}")
    except OverganError as error:  # a result, not a mistake
        console.print(f"no width can be recommended: {error}")


@app.command()
def status(folder: Folder) -> None:
    """Runs done, under way, diverged; time left."""
    from overgan.study import seconds_left

    study = overgan.load(folder)
    groups = study.status()
    unit = groups[0].unit
    table = Table("k", f"{unit}s", f"s per {unit}", "result", "diverged", "state")
    for group in groups:
        pace = group.seconds_each
        table.add_row(
            str(group.width),
            f"{group.done:,} of {group.total:,}",
            f"{pace:.3g}" if pace is not None else "–",
            group.result or "–",
            str(group.diverged),
            "finished" if group.complete else "begun" if group.done else "waiting",
        )
    console.print(table)
    runs, seeds = len(groups) * len(study.spec.seeds), len(study.spec.seeds)
    diverged = sum(group.diverged for group in groups)
    finished = sum(seeds - group.diverged for group in groups if group.complete)
    console.print(f"{finished} of {runs} runs finished, {diverged} diverged")
    left = seconds_left(groups, study.description.machine["workers"])
    if left:
        console.print(f"time left: at most about {_duration(left)}, while it is running")


@app.command()
def report(folder: Folder) -> None:
    """Rebuild report.html and the figures."""
    console.print(f"report: {overgan.write_report(folder)}")


@app.command()
def recommend(folder: Folder, tolerance: Annotated[float | None, typer.Option(min=0)] = None) -> None:
    """The width to use, why, and what it costs."""
    study = overgan.load(folder)
    recommendation = study.recommend(tolerance)
    console.print(f"recommended width: {recommendation}")
    group = next(group for group in study.status() if group.width == recommendation.width)
    counts = study.description.parameters[recommendation.width]
    seconds = group.seconds / len(study.spec.seeds)
    console.print(
        f"cost: {' and '.join(f'{n:,} {network}' for network, n in counts.items())} parameters; "
        f"{_duration(seconds)} a run on {study.description.machine['processor']}"
    )


@app.command()
def sample(
    folder: Folder,
    width: Annotated[int, typer.Option(help="Width of the run.")],
    seed: Annotated[int | None, typer.Option(help="Seed of the run [default: the first].")] = None,
    n: Annotated[int, typer.Option("-n", help="Number of images.")] = 16,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the images.")] = None,
) -> None:
    """Images from a checkpoint, as PNG files."""
    console.print(f"images: {overgan.load(folder).write_samples(width, seed, n, out)}")


@app.command()
def evaluate(
    generated: Annotated[str | None, typer.Option(metavar="PATH", help="Generated images: folder, tar, .npy.")] = None,
    train: Annotated[str | None, typer.Option(metavar="PATH", help="Training images.")] = None,
    test: Annotated[str | None, typer.Option(metavar="PATH", help="Held-out images.")] = None,
    study: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Instead: the checkpoints of a study, which keeps the results.")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…", help="inception, classifier, random, pixels, module:factory [default: inception]."
        ),
    ] = None,
    metrics: Annotated[
        str, typer.Option(metavar="NAME,…", help="fid, kid, prdc, fid_infinity, memorization, nnd.")
    ] = "fid,kid",
    samples: Annotated[
        str | None, typer.Option(metavar="N|all", help="Images on each side [default: the smallest set's].")
    ] = None,
    inception_weights: Annotated[
        str | None, typer.Option(metavar="FILE", help="torch-fidelity's file [default: where it keeps it].")
    ] = None,
    precision: Annotated[Literal["float32", "bf16"], typer.Option(help="Of inception.")] = "float32",
    nnd_iterations: Annotated[int, typer.Option(min=1, help="Updates of the critic of nnd.")] = 100_000,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the nearest neighbours.")] = None,
) -> None:
    """Compare anybody's images, or a study's checkpoints, with training and held-out images."""
    from overgan.metrics import NNDConfig
    from overgan.report import COLUMNS, evaluation_table, write_evaluation

    count: Any = samples if samples in (None, "all") else _whole_number("--samples", samples)
    names = features.split(",") if features else None
    wanted: Any = metrics.split(",")
    nnd = NNDConfig(iterations=nnd_iterations, evaluation_batches=max(2, min(10_000, nnd_iterations // 10)))
    if study is not None:
        if generated or train or test or html or samples == "all":
            raise OverganError("--study DIR has images of its own; leave --generated, --train, --test, --html out")
        settings = {"features": names, "samples": count, "inception_weights": inception_weights}
        given = {key: value for key, value in settings.items() if value is not None}
        with _bar() as progress:
            overgan.load(study).evaluate(wanted, progress=progress, nnd=nnd, precision=precision, **given)
        console.print(f"report: {overgan.write_report(study)}")
        return
    if generated is None:
        raise OverganError("--generated PATH is missing, or --study DIR")
    with _bar() as progress:
        evaluation = overgan.metrics.evaluate(
            generated,
            train,
            test,
            names or "inception",
            wanted,
            samples=count,
            weights=inception_weights,
            precision=precision,
            nnd=nnd,
            neighbour_rows=10 if html else 0,
            progress=progress,
        )
    if html:
        write_evaluation(evaluation, html)
    if json_:
        print(json.dumps({"results": evaluation.rows} | evaluation.facts, indent=2))
        return
    table = Table(*COLUMNS, box=SIMPLE_HEAD)
    for row in evaluation_table(evaluation):
        table.add_row(*row)
    console.print(table)
    images = evaluation.facts["images"]
    console.print(", ".join(f"{f['compared']:,} {name} images of {f['of']:,}" for name, f in images.items()))
    if html:
        console.print(f"page: {html}")


def _whole_number(option: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise OverganError(f"{option} {value}: must be a whole number or all") from None


@contextmanager
def _bar() -> "Iterator[Callable[[str, int, int], None]]":
    """A bar on the error output for what takes longer than a moment; it is gone in the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


@contextmanager
def _progress() -> Iterator["Callable[[list[GroupStatus]], None]"]:
    """What shows the groups' status while they are trained: live bars on a terminal, else a line a finished group."""
    if not console.is_terminal:
        yield _print_finished()
        return
    columns = (
        TextColumn("k = {task.fields[width]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[result]}"),
    )
    progress = Progress(*columns, console=console)
    tasks: dict[int, TaskID] = {}

    def watch(groups: "list[GroupStatus]") -> None:
        if not tasks:
            preparing.stop()
            progress.start()
        for group in groups:
            if group.width not in tasks:
                tasks[group.width] = progress.add_task(
                    "", total=group.total, width=group.width, speed="", left="", result=""
                )
            pace = group.seconds_each
            left = pace * (group.total - group.done) if pace else 0
            progress.update(
                tasks[group.width],
                completed=group.done,
                speed=f"{1 / pace:.1f} {group.unit}s/s" if pace else "waiting",
                left=f"{_duration(left)} left" if left else "",
                result=group.result,
            )

    with console.status("preparing: images, feature networks that are not cached yet, workers") as preparing:
        try:
            yield watch
        finally:
            progress.stop()


def _print_finished() -> "Callable[[list[GroupStatus]], None]":
    printed: set[int] = set()

    def watch(groups: "list[GroupStatus]") -> None:
        for group in groups:
            if group.complete and group.width not in printed:
                printed.add(group.width)
                console.print(
                    f"k = {group.width}: {group.done:,} {group.unit}s in {_duration(group.seconds)}, {group.result}, "
                    f"{group.diverged} diverged"
                )

    return watch


def _duration(seconds: float) -> str:
    """Two leading units, such as 3 min 20 s; two digits below 10 s."""
    units = [("years", 365 * 86400), ("days", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    if seconds < 10:
        return f"{seconds:.2g} s"
    seconds = round(seconds)
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def main() -> None:
    """Run the command; a user's mistake is one line and exit code 2."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except OverganError as error:
        _fail(str(error), 2)
    except RuntimeError as error:
        from overgan.study import WorkerError

        if not isinstance(error, WorkerError):
            raise
        _fail(str(error), 1)


def _fail(message: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print(f"overgan: {message}")
    sys.exit(code)
