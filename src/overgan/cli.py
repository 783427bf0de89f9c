"""The `overgan` command: every command calls one public function."""

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

import overgan
from overgan.errors import OverganError
from overgan.terminal import bar, console, duration, watch_groups

if TYPE_CHECKING:
    from overgan.theory import Certificate

app = typer.Typer(help="How wide must a GAN be?", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

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
            f"about {duration(seconds)}",
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
        with watch_groups() as watch:
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
        console.print(f"time left: at most about {duration(left)}, while it is running")


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
        f"{duration(seconds)} a run on {study.description.machine['processor']}"
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
    precision: Annotated[
        Literal["float32", "bf16"] | None, typer.Option(help="Of inception [default: float32, or the study's].")
    ] = None,
    nnd_iterations: Annotated[
        int | None, typer.Option(min=1, help="Updates of the critic of nnd [default: 100,000, or the study's].")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the nearest neighbours.")] = None,
) -> None:
    """Compare anybody's images, or a study's checkpoints, with training and held-out images."""
    from overgan.metrics import NNDConfig
    from overgan.report import COLUMNS, evaluation_table, write_evaluation

    count: Any = samples if samples in (None, "all") else _whole_number("--samples", samples)
    names = features.split(",") if features else None
    wanted: Any = metrics.split(",")
    nnd = None
    if nnd_iterations is not None:
        nnd = NNDConfig(iterations=nnd_iterations, evaluation_batches=max(2, min(10_000, nnd_iterations // 10)))
    if study is not None:
        if generated or train or test or html or json_ or samples == "all":
            raise OverganError(
                "--study DIR has images and a report of its own; leave --generated, --train, --test, --html, --json "
                "and --samples all out"
            )
        settings = {
            "features": names,
            "samples": count,
            "inception_weights": inception_weights,
            "precision": precision,
            "nnd": nnd,
        }
        given = {key: value for key, value in settings.items() if value is not None}
        with bar() as progress:
            overgan.load(study).evaluate(wanted, progress=progress, **given)
        console.print(f"report: {overgan.write_report(study)}")
        return
    if generated is None:
        raise OverganError("--generated PATH is missing, or --study DIR")
    with bar() as progress:
        evaluation = overgan.metrics.evaluate(
            generated,
            train,
            test,
            names or "inception",
            wanted,
            samples=count,
            weights=inception_weights,
            precision=precision or "float32",
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


@app.command()
def certify(
    n: Annotated[int | None, typer.Option(help="Latents [default: 1000].")] = None,
    d: Annotated[int | None, typer.Option(help="Their dimension [default: 10].")] = None,
    m: Annotated[int | None, typer.Option(help="Dimension of the data [default: 10].")] = None,
    k: Annotated[int | None, typer.Option(help="Width [default: 1000].")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the random problem [default: 0].")] = None,
    problem: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A problem of your own: an .npz with Z, V, W0 and target.")
    ] = None,
    generator: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="A deep one: returns the module and its latents.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="With --generator: returns the module and the data.")
    ] = None,
    mu: Annotated[float, typer.Option(help="Step size of the discriminator.")] = 1.0,
    eta: Annotated[
        float | None, typer.Option(help="Step size of the generator [default: the largest the theorem allows].")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the conditions of the paper's Theorem A.4: exit code 0 if all hold, 1 if not.

    For a shallow GAN the verdict is a proof; for a deep one (--generator and --features) it rests on estimates.
    """
    from overgan import theory

    sizes = {"n": n, "d": d, "m": m, "k": k, "seed": seed}
    given: dict[str, Any] = {name: size for name, size in sizes.items() if size is not None}
    own = {"problem": problem, "generator": generator, "features": features}
    chosen = [name for name, value in own.items() if value is not None]
    if chosen and given:
        raise OverganError(f"--{chosen[0]} and --{next(iter(given))} exclude each other: it has sizes of its own")
    if chosen not in ([], ["problem"], ["generator", "features"]):
        raise OverganError(f"--{chosen[0]}: give --problem alone, or --generator and --features together")
    if generator is not None and features is not None:
        gan: theory.Problem = theory.load_deep_problem(generator, features)
    else:
        gan = theory.load_problem(problem) if problem is not None else theory.ShallowGAN.gaussian(**given)
    certificate = theory.certify(gan, mu, eta)
    if json_:
        console.print_json(data={"problem": repr(gan), **certificate.summary()})
    else:
        _print_certificate(repr(gan), certificate)
    raise typer.Exit(0 if certificate.holds else 1)


def _print_certificate(title: str, certificate: "Certificate") -> None:
    console.print(
        f"{title}: alpha {certificate.alpha:.4g}, beta {certificate.beta:.4g}, epsilon {certificate.epsilon:.4g}, "
        f"gamma {certificate.gamma:.4g}, radius {certificate.radius:.4g} ({certificate.basis}), "
        f"mu {certificate.mu:.4g}, eta {certificate.eta:.4g}"
    )
    heads = (Column(head, no_wrap=True) for head in ("condition", "left", "right", "margin", "verdict"))
    table = Table(*heads, box=SIMPLE_HEAD)
    for row in certificate.conditions:
        sides = (f"{side:.5g}" for side in (row.left, row.right, row.margin))
        table.add_row(row.statement, *sides, "holds" if row.holds else "fails")
    console.print(table)
    if certificate.holds:
        console.print(
            f"all hold: every step shrinks the bound on the state by the factor {certificate.rate:.6g}"
            if certificate.basis == "proven"
            else "all hold for estimates of epsilon and beta, which may be too low: evidence, not a proof"
        )
    for reason in certificate.reasons:
        console.print(f"fails: {reason}")


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
