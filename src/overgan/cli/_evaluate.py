"""`overgan evaluate` and `overgan sample`: a study's images, and anybody's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from typer import Argument, Option

import overgan.report
from overgan.cli._options import Device, Folder, ImagesOut, Json, Trust, given, names_of
from overgan.cli._terminal import bar, console, print_json, print_table
from overgan.errors import OverganError
from overgan.metrics import METRICS, SPACES
from overgan.stores import shown
from overgan.study.gan import NETWORK_METRICS

if TYPE_CHECKING:
    from overgan.metrics import Evaluation, NNDConfig
    from overgan.study.gan import GanStudy

Mode = Literal["grey", "colour"]
Precision = Literal["float32", "bf16"]
GENERATED_HELP = "Generated images: a folder, archive, array or dataset."
STUDY_HELP = "Instead of images: a study, whose checkpoints are measured and whose folder keeps the results."
FEATURES_HELP = f"{', '.join(SPACES)}, module:name [default: inception, or the study's]."
METRICS_HELP = f"{', '.join(METRICS)}, module:name; of a study's networks: {', '.join(NETWORK_METRICS)}."
SAMPLES_HELP = "Images on each side [default: the smallest set's, or as in the study]."
SIZE_HELP = "Crop every image to its middle square and resize it; this changes FID."
BATCH_HELP = "Images that go through a feature network at once; fewer need less memory."
WEIGHTS_HELP = "File of torch-fidelity's Inception [default: where it keeps it]."
DRAWS_HELP = "Draws of real images for the error of frechet_gap [default: 10, or the study's]."
ITERATIONS_HELP = "Updates of the critic of nnd [default: 100,000, or the study's]."
LATENTS_HELP = "Seed of other latents [default: those of the study's evaluations]."
FEATURES = names_of(name.removesuffix("-SEED") for name in SPACES)
STUDY_ALONE = (
    "--study DIR has images, of its own size, and a report; leave GENERATED, TRAIN and TEST, --size, --mode, --html "
    "and --samples all out"
)


def evaluate(
    generated_path: Annotated[str | None, Argument(metavar="GENERATED", help=GENERATED_HELP)] = None,
    train_path: Annotated[str | None, Argument(metavar="TRAIN", help="Training images.")] = None,
    test_path: Annotated[str | None, Argument(metavar="TEST", help="Held-out images.")] = None,
    generated: Annotated[str | None, Option(metavar="PATH", help="The same as GENERATED.")] = None,
    train: Annotated[str | None, Option(metavar="PATH", help="The same as TRAIN.")] = None,
    test: Annotated[str | None, Option(metavar="PATH", help="The same as TEST, with TRAIN or without.")] = None,
    study: Annotated[str | None, Option(metavar="DIR", help=STUDY_HELP)] = None,
    features: Annotated[str | None, Option(metavar="NAME,…", help=FEATURES_HELP, autocompletion=FEATURES)] = None,
    metrics: Annotated[
        str, Option(metavar="NAME,…", help=METRICS_HELP, autocompletion=names_of([*METRICS, *NETWORK_METRICS]))
    ] = "frechet,kernel",
    samples: Annotated[str | None, Option(metavar="N|all", help=SAMPLES_HELP)] = None,
    size: Annotated[int | None, Option(min=1, metavar="PIXELS", help=SIZE_HELP)] = None,
    mode: Annotated[Mode | None, Option(help="Make every image grey or colour.")] = None,
    weights: Annotated[str | None, Option("--inception-weights", metavar="FILE", help=WEIGHTS_HELP)] = None,
    precision: Annotated[Precision | None, Option(help="Of Inception [default: float32, or the study's].")] = None,
    draws: Annotated[int | None, Option(min=1, help=DRAWS_HELP)] = None,
    nnd_iterations: Annotated[int | None, Option(min=1, help=ITERATIONS_HELP)] = None,
    device: Device = "auto",
    batch: Annotated[int | None, Option(min=1, help=BATCH_HELP)] = None,
    json_: Json = False,
    html: Annotated[Path | None, Option(metavar="FILE", help="Write a page with the nearest neighbours.")] = None,
    trust: Trust = False,
) -> None:
    """Compare images with training and held-out images.

    The images are anybody's (GENERATED), or those of a study's checkpoints (--study).
    """
    images: dict[str, Any] = {
        "generated": _once(generated_path, generated, "generated"),
        "train": _once(train_path, train, "train"),
        "test": _once(test_path, test, "test"),
    }
    names = metrics.split(",")
    settings = given(
        features=features.split(",") if features else None,
        samples=_number_or_all(samples),
        precision=precision,
        draws=draws,
        device=device,
        batch=batch,
    )
    if study is not None:
        if any(images.values()) or html or size or mode or samples == "all":
            raise OverganError(STUDY_ALONE)
        _evaluate_study(study, names, settings | given(inception_weights=weights), nnd_iterations, json_, trust)
        return
    if images["generated"] is None:
        raise OverganError("GENERATED, the path of images, is missing, or --study DIR")
    if not (images["train"] or images["test"]) and (Path(images["generated"]) / "study.json").exists():
        raise OverganError(f"{images['generated']} is a study's folder; measure it with --study {images['generated']}")
    settings |= {"size": size, "mode": mode, "weights": weights, "neighbour_rows": 10 if html else 0}
    settings |= given(nnd=_nnd(nnd_iterations))
    names = [METRICS.known(name) for name in names]
    with bar() as progress:
        evaluation = overgan.metrics.evaluate(**images, metrics=names, progress=progress, **settings)
    _print_evaluation(evaluation, html, json_)


def _once(position: str | None, option: str | None, name: str) -> str | None:
    """The path that is given by its position or by its option. Raises OverganError if it is by both."""
    if position is not None and option is not None:
        raise OverganError(f"{name.upper()} is given twice, {position} and --{name} {option}; leave one out")
    return option if position is None else position


def _evaluate_study(
    folder: str, metrics: list[str], settings: dict[str, Any], nnd_iterations: int | None, as_json: bool, trust: bool
) -> None:
    study = cast("GanStudy", overgan.load(folder, trust))  # or one that makes no images, which says so
    if hasattr(study.spec, "evaluate"):
        settings |= given(nnd=_nnd(nnd_iterations, study.spec.evaluate.nnd))
    with bar() as progress:
        measured = study.evaluate(metrics, progress=progress, **settings)
    if as_json:
        rows = [row.dropna().to_dict() for _, row in measured.iterrows()]
        print_json({"results": rows, "report": shown(overgan.write_report(folder, trust=trust))})
        return
    judged = study.at_best(measured)  # runs of several learning rates have no mean that says anything
    metrics = [METRICS.known(name) if name not in NETWORK_METRICS.entries else name for name in metrics]
    print_table(overgan.report.STUDY_COLUMNS, overgan.report.study_table(judged, metrics), unbroken=1)
    at = ""
    if (train := study.spec.train).several:
        best = "of each width's best learning rate " if len(train.rates) > 1 else ""
        at = f", {best}by the rule {train.rules[0]}"
    gap = "; test − train: mean ± standard error" if "frechet_gap" in metrics else ""
    console.print(f"mean ± standard deviation over the runs{at}{gap}")
    console.print(f"report: {shown(overgan.write_report(folder, trust=trust))}")


def _number_or_all(samples: str | None) -> int | str | None:
    try:
        return samples if samples in (None, "all") else int(samples)
    except ValueError:
        raise OverganError(f"--samples {samples}: must be a whole number or all") from None


def _nnd(iterations: int | None, of: "NNDConfig | None" = None) -> "NNDConfig | None":
    """The settings of a study, or the default ones, with so many iterations."""
    if iterations is None:
        return None
    changes = {"iterations": iterations, "evaluation_batches": max(2, min(10_000, iterations // 10))}
    return (of or overgan.metrics.NNDConfig()).model_copy(update=changes)


def _print_evaluation(evaluation: "Evaluation", html: Path | None, as_json: bool) -> None:
    """The numbers come before the page, whose writing may fail."""
    if as_json:
        print_json({"results": evaluation.rows} | evaluation.facts)
    else:
        _print_tables(evaluation)
    if html:
        overgan.report.write_evaluation(evaluation, html)
        if not as_json:
            console.print(f"page: {html}")


def _print_tables(evaluation: "Evaluation") -> None:
    print_table(overgan.report.COLUMNS, overgan.report.evaluation_table(evaluation))
    for note in filter(None, [overgan.report.errors_note(evaluation), *overgan.report.evaluation_notes(evaluation)]):
        console.print(note)
    if "frechet_gap" in evaluation.metrics:
        console.print(
            "test − train is significant, at 5 %, beyond 2.23 standard errors from 10 draws, or 1.97 from 300"
        )


def sample(
    folder: Folder,
    width: Annotated[int | None, Option(help="Width of the run [default: the recommended one].")] = None,
    seed: Annotated[int | None, Option(help="Seed of the run [default: the first].")] = None,
    n: Annotated[int, Option("-n", help="Number of images.")] = 16,
    learning_rate: Annotated[
        float | None, Option(help="Of the run, if a seed has several [default: the best].")
    ] = None,
    rule: Annotated[str | None, Option(help="Of the learning rate, if there are several [default: the first].")] = None,
    latents_seed: Annotated[int | None, Option(help=LATENTS_HELP)] = None,
    scale_up: Annotated[int, Option(metavar="F", help="Make every pixel F × F pixels.")] = 1,
    out: ImagesOut = None,
    trust: Trust = False,
) -> None:
    """Write images from a checkpoint, one by one and in a grid.

    They are PNG files in a folder, and beside it is the grid of all of them.
    """
    study = overgan.load(folder, trust)
    of_run = given(learning_rate=learning_rate, rule=rule)
    images = study.write_samples(width, seed, n, out, latents_seed=latents_seed, scale_up=scale_up, **of_run)
    if width is None:
        console.print(str(study.recommend()))
    console.print(shown(f"images: {images}\ngrid: {images}-grid.png"))
