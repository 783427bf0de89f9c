"""`overgan evaluate` and `overgan sample`: a study's images, and anybody's."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

import overgan.report
from overgan.cli._options import Device, Folder, Json, given
from overgan.cli._terminal import bar, console, print_table
from overgan.errors import OverganError
from overgan.metrics import METRICS, SPACES

if TYPE_CHECKING:
    from overgan.metrics import Evaluation, NNDConfig

Precision = Literal["float32", "bf16"]
GENERATED_HELP = "Generated images: a folder, archive, array or dataset."
STUDY_HELP = "Instead of images: a study, whose checkpoints are measured and whose folder keeps the results."
FEATURES_HELP = f"{', '.join(SPACES)}, module:name [default: inception, or the study's]."
METRICS_HELP = f"{', '.join(METRICS)}, module:name."
SAMPLES_HELP = "Images on each side [default: the smallest set's, or as in the study]."
WEIGHTS_HELP = "File of torch-fidelity's Inception [default: where it keeps it]."
DRAWS_HELP = "Draws of real images for the error of fid_gap [default: 10, or the study's]."
ITERATIONS_HELP = "Updates of the critic of nnd [default: 100,000, or the study's]."
STUDY_ALONE = (
    "--study DIR has images and a report of its own; leave --generated, --train, --test, --html, --json and "
    "--samples all out"
)


def evaluate(
    generated: Annotated[str | None, Option(metavar="PATH", help=GENERATED_HELP)] = None,
    train: Annotated[str | None, Option(metavar="PATH", help="Training images.")] = None,
    test: Annotated[str | None, Option(metavar="PATH", help="Held-out images.")] = None,
    study: Annotated[Path | None, Option(metavar="DIR", help=STUDY_HELP)] = None,
    features: Annotated[str | None, Option(metavar="NAME,…", help=FEATURES_HELP)] = None,
    metrics: Annotated[str, Option(metavar="NAME,…", help=METRICS_HELP)] = "fid,kid",
    samples: Annotated[str | None, Option(metavar="N|all", help=SAMPLES_HELP)] = None,
    weights: Annotated[str | None, Option("--inception-weights", metavar="FILE", help=WEIGHTS_HELP)] = None,
    precision: Annotated[Precision | None, Option(help="Of Inception [default: float32, or the study's].")] = None,
    draws: Annotated[int | None, Option(min=1, help=DRAWS_HELP)] = None,
    nnd_iterations: Annotated[int | None, Option(min=1, help=ITERATIONS_HELP)] = None,
    device: Device = "auto",
    json_: Json = False,
    html: Annotated[Path | None, Option(metavar="FILE", help="Write a page with the nearest neighbours.")] = None,
) -> None:
    """Compare images with training and held-out images.

    The images are anybody's (--generated), or those of a study's checkpoints (--study).
    """
    settings = given(
        metrics=metrics.split(","),
        features=features.split(",") if features else None,
        samples=_number_or_all(samples),
        precision=precision,
        draws=draws,
        nnd=_nnd(nnd_iterations),
        device=device,
    )
    if study is not None:
        if generated or train or test or html or json_ or samples == "all":
            raise OverganError(STUDY_ALONE)
        _evaluate_study(study, settings | given(inception_weights=weights))
        return
    if generated is None:
        raise OverganError("--generated PATH is missing, or --study DIR")
    settings |= {"weights": weights, "neighbour_rows": 10 if html else 0}
    with bar() as progress:
        evaluation = overgan.metrics.evaluate(generated, train, test, progress=progress, **settings)
    _print_evaluation(evaluation, html, json_)


def _evaluate_study(study: Path, settings: dict[str, Any]) -> None:
    with bar() as progress:
        overgan.load(study).evaluate(progress=progress, **settings)
    console.print(f"report: {overgan.write_report(study)}")


def _number_or_all(samples: str | None) -> int | str | None:
    try:
        return samples if samples in (None, "all") else int(samples)
    except ValueError:
        raise OverganError(f"--samples {samples}: must be a whole number or all") from None


def _nnd(iterations: int | None) -> "NNDConfig | None":
    if iterations is None:
        return None
    evaluation_batches = max(2, min(10_000, iterations // 10))
    return overgan.metrics.NNDConfig(iterations=iterations, evaluation_batches=evaluation_batches)


def _print_evaluation(evaluation: "Evaluation", html: Path | None, as_json: bool) -> None:
    if html:
        overgan.report.write_evaluation(evaluation, html)
    if as_json:
        print(json.dumps({"results": evaluation.rows} | evaluation.facts, indent=2))
        return
    print_table(overgan.report.COLUMNS, overgan.report.evaluation_table(evaluation))
    images = evaluation.facts["images"]
    console.print(", ".join(f"{f['compared']:,} {name} images of {f['of']:,}" for name, f in images.items()))
    if "fid_gap" in evaluation.metrics:
        console.print(
            "test − train is significant, at 5 %, beyond 2.23 standard errors from 10 draws, or 1.97 from 300"
        )
    if html:
        console.print(f"page: {html}")


def sample(
    folder: Folder,
    width: Annotated[int, Option(help="Width of the run.")],
    seed: Annotated[int | None, Option(help="Seed of the run [default: the first].")] = None,
    n: Annotated[int, Option("-n", help="Number of images.")] = 16,
    out: Annotated[Path | None, Option(metavar="DIR", help="Folder for the images [default: in the study's].")] = None,
) -> None:
    """Write images from a checkpoint as PNG files."""
    console.print(f"images: {overgan.load(folder).write_samples(width, seed, n, out)}")
