"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A study's folder.")]
SpecName = Annotated[str, typer.Argument(metavar="PRESET_OR_YAML", help="A preset's name or a .yaml file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the spec; may be repeated.")
]
Scale = Annotated[float, typer.Option(help="Fraction of the iterations and samples to run.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Device = Annotated[
    str, typer.Option(metavar="auto|cpu|cuda", help="What computes; auto: a GPU if there is one, else the CPU.")
]
