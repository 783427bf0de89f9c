"""`overgan presets` and `overgan show`: what can be run."""

from typing import Annotated, Any

from typer import Option

import overgan.study
from overgan.cli._options import Json, Overrides, Scale, SpecName, Trust
from overgan.cli._terminal import console, duration, errors, print_json, print_table
from overgan.own import importing_only


def presets(
    time: Annotated[bool, Option("--time", help="Measure the times on this machine again.")] = False,
    json_: Json = False,
) -> None:
    """List what can be run, and its cost here at full scale.

    The figures are those of the paper that a preset gives.
    """
    found = {name: overgan.study.load_spec(name) for name in overgan.study.preset_names()}
    seconds = {}
    for name, spec in found.items():
        with errors.status(f"timing {name}" if time else name):
            seconds[name] = overgan.study.study_seconds(spec, measure=time)
    if json_:
        print_json([_values(name, spec, seconds[name]) for name, spec in found.items()])
        return
    rows = [
        [
            name,
            ", ".join(map(str, spec.figures)),
            f"{spec.widths[0]:,} … {spec.widths[-1]:,} × {len(spec.seeds)}"
            + (f" × {spec.runs_a_seed}" if spec.runs_a_seed > 1 else ""),
            overgan.study.KINDS[spec.kind].length(spec),
            "–" if (known := seconds[name]) is None else f"about {duration(known)}",
        ]
        for name, spec in found.items()
    ]
    print_table(["preset", "figures", "widths × seeds", "a run", "time here"], rows, unbroken=1)
    console.print(
        "Not every time is known for this machine: overgan presets --time measures them in a minute."
        if None in seconds.values()
        else "Times are extrapolated: from iterations and samples at the narrower widths and the arithmetic of the "
        "wider ones, or from the first seed of a theory study; overgan plan PRESET says what is not counted."
    )


def _values(name: str, spec: "overgan.study.Spec", seconds: float | None) -> dict[str, Any]:
    """What `--json` says of a preset."""
    return {
        "preset": name,
        "kind": spec.kind,
        "figures": spec.figures,
        "widths": spec.widths,
        "seeds": spec.seeds,
        "runs_a_seed": spec.runs_a_seed,
        "run": overgan.study.KINDS[spec.kind].length(spec),
        "seconds": seconds,
    }


def show(preset_or_yaml: SpecName, overrides: Overrides = None, scale: Scale = 1.0, trust: Trust = False) -> None:
    """Print the resolved spec, with the meaning of every key.

    It is YAML, which `overgan run` takes back.
    """
    with importing_only(None if trust else ()):
        spec = overgan.study.load_spec(preset_or_yaml, overrides or [], scale)
    print(overgan.study.spec_yaml(spec), end="")
