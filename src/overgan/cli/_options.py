"""Arguments and options that several commands have."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Option

import overgan.study
from overgan.errors import OverganError


def names_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """What completes the last of several names with commas between them."""
    names = list(known)

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in names if name.startswith(last)]

    return complete


def _presets(incomplete: str) -> list[str]:
    return [name for name in overgan.study.preset_names() if name.startswith(incomplete)]


def named(folder: str) -> Path:
    """The folder that an option names; an empty name, as of an unset variable, would be the current one."""
    if not folder:
        raise BadParameter("it is empty; name a folder, or . for the current one")
    return Path(folder)


def _place(place: str) -> str:
    """A folder, or an address, that an option names."""
    named(place)
    return place  # as pathlib would give it, file:///study has lost two slashes


Folder = Annotated[str, Argument(metavar="DIR", help="A study's folder, or its address (s3://…).")]
SpecName = Annotated[
    str,
    Argument(
        metavar="PRESET|YAML|IMAGES",
        help="A preset, a .yaml file, or a folder or file of images.",
        autocompletion=_presets,
    ),
]
Overrides = Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change the spec; may be repeated.")]
Scale = Annotated[float, Option(help="Fraction of the iterations and samples to run; those of --set stay.")]
Json = Annotated[bool, Option("--json", help="Print JSON instead of a table.")]
Trust = Annotated[bool, Option("--trust", help="Run code that the folder names, and follow its links.")]
Out = Annotated[
    str | None, Option(metavar="DIR", parser=_place, help="The study's folder, or s3://… [default: runs/NAME].")
]
ImagesOut = Annotated[
    Path | None, Option("--out", metavar="DIR", parser=named, help="Folder for the images [default: in the study's].")
]
Widths = Annotated[str | None, Option("--widths", metavar="K,…", help="These alone, such as 8,16,64 [default: all].")]
Device = Annotated[
    str,
    Option(
        metavar="auto|cpu|cuda",
        autocompletion=names_of(("auto", "cpu", "cuda")),
        help="What computes; auto: a GPU, if any, else the CPU.",
    ),
]


def listed(widths: str) -> list[int]:
    """The numbers of --widths. Raises OverganError if they are none."""
    try:
        return [int(width) for width in widths.split(",")]
    except ValueError:
        raise OverganError(f"--widths {widths}: write widths with commas between them, such as 8,16,64") from None


def given(**options: Any) -> dict[str, Any]:
    """The options that the user gave, by name: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}
