"""`overgan presets` and `overgan show`: what can be run."""

from typing import Annotated

from typer import Option

import overgan.study
from overgan.cli._options import Overrides, Scale, SpecName
from overgan.cli._terminal import console, duration, print_table


def presets(time: Annotated[bool, Option("--time", help="Measure the times on this machine again.")] = False) -> None:
    """List what can be run, and its cost here at full scale.

    The figures are those of the paper that a preset gives.
    """
    rows = []
    unknown = False
    for name in overgan.study.preset_names():
        spec = overgan.study.load_spec(name)
        with console.status(f"timing {name}" if time else name):
            seconds = overgan.study.study_seconds(spec, measure=time)
        unknown |= seconds is None
        figures = ", ".join(map(str, spec.figures))
        runs = f"{spec.widths[0]} … {spec.widths[-1]} × {len(spec.seeds)}"
        cost = "–" if seconds is None else f"about {duration(seconds)}"
        rows.append([name, figures, runs, overgan.study.KINDS[spec.kind].length(spec), cost])
    print_table(["preset", "figures", "widths × seeds", "a run", "time here"], rows, unbroken=1)
    console.print(
        "Not every time is known for this machine: overgan presets --time measures them in a minute."
        if unknown
        else "Times are extrapolated: from an iteration at the narrower widths and the arithmetic of the wider ones, "
        "evaluation not counted, or from the first seed of a theory study."
    )


def show(preset_or_yaml: SpecName, overrides: Overrides = None, scale: Scale = 1.0) -> None:
    """Print the resolved spec, with the meaning of every key.

    It is YAML, which `overgan run` takes back.
    """
    print(overgan.study.spec_yaml(overgan.study.load_spec(preset_or_yaml, overrides or [], scale)), end="")
