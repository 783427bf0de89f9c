"""`overgan presets` and `overgan show`: what can be run, before it runs."""

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from overgan.cli._options import Overrides, Scale, SpecName
from overgan.cli._terminal import console, duration


def presets(
    time: Annotated[bool, typer.Option("--time", help="Measure the times on this machine again.")] = False,
) -> None:
    """List what can be run, the figures of the paper it gives, and its cost here at full scale."""
    from overgan.study import KINDS, load_spec, preset_names, study_seconds

    columns = ["figures", "widths × seeds", "a run", "time here"]
    table = Table(Column("preset", no_wrap=True), *columns, box=SIMPLE_HEAD)
    unknown = False
    for name in preset_names():
        spec = load_spec(name)
        with console.status(f"timing {name}" if time else name):
            seconds = study_seconds(spec, measure=time)
        unknown |= seconds is None
        table.add_row(
            name,
            ", ".join(map(str, spec.figures)),
            f"{spec.widths[0]} … {spec.widths[-1]} × {len(spec.seeds)}",
            KINDS[spec.kind].length(spec),
            "–" if seconds is None else f"about {duration(seconds)}",
        )
    console.print(table)
    if unknown:
        console.print("Not every time is known for this machine: overgan presets --time measures them in a minute.")
    else:
        console.print(
            "Times are extrapolated: from an iteration at the narrower widths and the arithmetic of the wider ones, "
            "evaluation not counted, or from the first seed of a theory study."
        )


def show(preset_or_yaml: SpecName, overrides: Overrides = None, scale: Scale = 1.0) -> None:
    """Print the resolved spec as YAML, with the meaning of every key; `overgan run` takes it back."""
    from overgan.study import load_spec, spec_yaml

    print(spec_yaml(load_spec(preset_or_yaml, overrides or [], scale)), end="")
