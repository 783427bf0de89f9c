"""`overgan evaluate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

import overgan
from overgan.cli._options import Device, Json
from overgan.cli._terminal import bar, console
from overgan.errors import OverganError
from overgan.metrics import METRICS, SPACES

if TYPE_CHECKING:
    from overgan.metrics import Evaluation, NNDConfig

STUDY_HELP = "Instead: the checkpoints of a study, which keeps the results."
METRICS_HELP = f"{', '.join(METRICS)}, module:name."
FEATURES_HELP = f"{', '.join(SPACES)}, module:name [default: inception]."
WEIGHTS_HELP = "torch-fidelity's file [default: where it keeps it]."


def evaluate(
    generated: Annotated[str | None, typer.Option(metavar="PATH", help="Generated images: folder, tar, .npy.")] = None,
    train: Annotated[str | None, typer.Option(metavar="PATH", help="Training images.")] = None,
    test: Annotated[str | None, typer.Option(metavar="PATH", help="Held-out images.")] = None,
    study: Annotated[Path | None, typer.Option(metavar="DIR", help=STUDY_HELP)] = None,
    features: Annotated[str | None, typer.Option(metavar="NAME,…", help=FEATURES_HELP)] = None,
    metrics: Annotated[str, typer.Option(metavar="NAME,…", help=METRICS_HELP)] = "fid,kid",
    samples: Annotated[
        str | None, typer.Option(metavar="N|all", help="Images on each side [default: the smallest set's].")
    ] = None,
    weights: Annotated[str | None, typer.Option("--inception-weights", metavar="FILE", help=WEIGHTS_HELP)] = None,
    precision: Annotated[
        Literal["float32", "bf16"] | None, typer.Option(help="Of inception [default: float32, or the study's].")
    ] = None,
    nnd_iterations: Annotated[
        int | None, typer.Option(min=1, help="Updates of the critic of nnd [default: 100,000, or the study's].")
    ] = None,
    device: Device = "auto",
    json_: Json = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the nearest neighbours.")] = None,
) -> None:
    """Compare anybody's images, or a study's checkpoints, with training and held-out images."""
    settings = {
        "features": features.split(",") if features else None,
        "samples": _number_or_all(samples),
        "precision": precision,
        "nnd": _nnd(nnd_iterations),
    }
    given: dict[str, Any] = {key: value for key, value in settings.items() if value is not None} | {"device": device}
    if study is not None:
        if generated or train or test or html or json_ or samples == "all":
            raise OverganError(
                "--study DIR has images and a report of its own; leave --generated, --train, --test, --html, --json "
                "and --samples all out"
            )
        given |= {"inception_weights": weights} if weights else {}
        with bar() as progress:
            overgan.load(study).evaluate(metrics.split(","), progress=progress, **given)
        console.print(f"report: {overgan.write_report(study)}")
        return
    if generated is None:
        raise OverganError("--generated PATH is missing, or --study DIR")
    given |= {"metrics": metrics.split(","), "weights": weights, "neighbour_rows": 10 if html else 0}
    with bar() as progress:
        evaluation = overgan.metrics.evaluate(generated, train, test, progress=progress, **given)
    _print_evaluation(evaluation, html, json_)


def _number_or_all(samples: str | None) -> int | str | None:
    try:
        return samples if samples in (None, "all") else int(samples)
    except ValueError:
        raise OverganError(f"--samples {samples}: must be a whole number or all") from None


def _nnd(iterations: int | None) -> "NNDConfig | None":
    from overgan.metrics import NNDConfig

    if iterations is None:
        return None
    return NNDConfig(iterations=iterations, evaluation_batches=max(2, min(10_000, iterations // 10)))


def _print_evaluation(evaluation: "Evaluation", html: Path | None, as_json: bool) -> None:
    from overgan.report.evaluation import COLUMNS, evaluation_table, write_evaluation

    if html:
        write_evaluation(evaluation, html)
    if as_json:
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
