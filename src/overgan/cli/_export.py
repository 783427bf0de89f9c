"""`overgan export`: a study for other tools."""

from pathlib import Path
from typing import Annotated

from typer import Option

import overgan
from overgan.cli._options import Folder, Trust, given, named
from overgan.cli._terminal import console
from overgan.stores import shown

To = Annotated[
    list[str] | None,
    Option(
        "--to",
        metavar="NAME[:PLACE],…",
        help="csv, parquet, tables, generator, onnx, tensorboard, mlflow, wandb, your own package.module:name "
        "[default: csv].",
    ),
]


def export(
    folder: Folder,
    to: To = None,
    out: Annotated[
        Path | None, Option(metavar="DIR", parser=named, help="Folder for the files [default: export in the study's].")
    ] = None,
    width: Annotated[int | None, Option(help="Of the generator [default: the recommended one].")] = None,
    seed: Annotated[int | None, Option(help="Of the generator [default: the first].")] = None,
    learning_rate: Annotated[
        float | None, Option(help="Of the generator, if a seed has several [default: the best].")
    ] = None,
    rule: Annotated[str | None, Option(help="Of the learning rate, if there are several [default: the first].")] = None,
    licence: Annotated[str | None, Option(help="Of the generator, such as cc-by-4.0 [default: none].")] = None,
    follow: Annotated[bool, Option("--follow", help="Go on sending rows until the study is finished.")] = False,
    trust: Trust = False,
) -> None:
    """Write rows and generators for other tools, and send curves to them.

    csv and parquet are the rows; tables is the study's folder without weights and
    pictures, for others to read; generator is safetensors with a file of Python that needs no overgan, and a model
    card; onnx is the same network. tensorboard, mlflow and wandb get the rows as curves; after a colon stands where:
    a folder, a tracking URI, a project.

    The study is only read, so it may be running.
    """
    names = [name for several in to or ["csv"] for name in several.split(",")]
    of = given(width=width, seed=seed, learning_rate=learning_rate, rule=rule, licence=licence)
    for what, place in overgan.export_study(folder, names, out, follow=follow, trust=trust, **of):
        console.print(f"{what}: {shown(place)}")
