"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

Folder = Annotated[Path, Argument(metavar="DIR", help="A study's folder.")]
SpecName = Annotated[
    str, Argument(metavar="PRESET|YAML|IMAGES", help="A preset, a .yaml file, or a folder or file of images.")
]
Overrides = Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change the spec; may be repeated.")]
Scale = Annotated[float, Option(help="Fraction of the iterations and samples to run; those of --set stay.")]
Json = Annotated[bool, Option("--json", help="Print JSON instead of a table.")]
Device = Annotated[str, Option(metavar="auto|cpu|cuda", help="What computes; auto: a GPU, if any, else the CPU.")]


def given(**options: Any) -> dict[str, Any]:
    """The options that the user gave, by name: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}
