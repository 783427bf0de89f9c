"""`overgan figures`: the paper's figures, drawn from a study."""

from pathlib import Path
from typing import Annotated

from typer import Option

import overgan
from overgan.cli._options import Folder, Trust, named, names_of
from overgan.cli._terminal import console
from overgan.stores import shown

FORMATS = "pdf,svg,png"
Only = Annotated[str | None, Option(metavar="N,…", help="These alone, such as 4,5 [default: all that it gives].")]
Out = Annotated[
    Path | None, Option(metavar="DIR", parser=named, help="Folder for the files [default: figures in the study's].")
]
Formats = Annotated[str, Option(metavar="F,…", autocompletion=names_of(FORMATS.split(",")), help="Of pdf, svg, png.")]
Features = Annotated[str | None, Option(help="The space of distances [default: the study's first].")]


def figures(
    folder: Folder,
    only: Only = None,
    out: Out = None,
    formats: Formats = FORMATS,
    features: Features = None,
    trust: Trust = False,
) -> None:
    """Draw the paper's figures from a study, and write a caption beside each.

    It says which figures the study does not give, and why.
    """
    numbers = None if only is None else only.split(",")
    done = overgan.figures.write_figures(folder, numbers, out, formats.split(","), features=features, trust=trust)
    for line in done.refused:
        console.print(shown(line))
    for name, (first, *others) in done.paths.items():
        console.print(f"{name}: {shown(first)}{''.join(f', {path.suffix}' for path in others)}")
