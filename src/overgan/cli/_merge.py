"""`overgan merge`: runs that were trained apart, as one study."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

import overgan
from overgan.cli._options import Trust, named
from overgan.cli._terminal import console
from overgan.words import counted

Studies = Annotated[list[str], Argument(metavar="DIR…", help="Finished studies' folders; at least two.")]


def merge(
    studies: Studies,
    out: Annotated[Path, Option(metavar="DIR", parser=named, help="A folder that is not there, or empty.")],
    trust: Trust = False,
) -> None:
    """Put the runs of studies that differ in widths and seeds alone into one.

    They may come from machines that share nothing, as long as their images and feature networks are the same. The
    folder has their tables and pictures, and no weights: all commands read it but those that need new images or train.
    """
    found = overgan.merge(studies, out, trust=trust)
    runs = sum(found.runs(width) for width in found.spec.widths)
    console.print(f"{counted(runs, 'run')} of {counted(len(found.spec.widths), 'width')}: {found.place}")
