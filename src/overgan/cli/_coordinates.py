"""`overgan coordinates`: whether a learning-rate rule is right for a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

import overgan
from overgan.cli._options import Device, Json, Overrides, SpecName, Widths, listed, named, names_of
from overgan.cli._terminal import bar, console, errors, print_json, print_table
from overgan.words import counted

if TYPE_CHECKING:
    from overgan import Coordinates

RULES = ("constant", "inverse", "mup")  # as overgan.training has them, which is not waited for
RULE_HELP = f"{', '.join(RULES)} [default: the spec's, or, if that is constant, all]."
OUT_HELP = "Folder for the figures [default: runs/NAME-coordinates]."


def coordinates(
    preset_or_yaml: SpecName,
    rules: Annotated[
        str | None, Option("--rule", metavar="NAME,…", help=RULE_HELP, autocompletion=names_of(RULES))
    ] = None,
    widths: Widths = None,
    overrides: Overrides = None,
    out: Annotated[Path | None, Option(metavar="DIR", parser=named, help=OUT_HELP)] = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Check that a learning-rate rule is right for a model.

    It is the coordinate check: of each layer's outputs, how much 1, 5 and 20 updates change them, against the width k.
    By a rule that is right it is as much at every width: the slope in log k is 0. Nothing of the study runs. The rules
    agree at train.base_width, or, where the spec has none, at the narrowest width.
    """
    with bar(line=True) as progress:
        found = overgan.coordinates(
            preset_or_yaml,
            overrides or [],
            rules=None if rules is None else rules.split(","),
            widths=None if widths is None else listed(widths),
            device=device,
            progress=progress,
        )
    figures: list[Path] = []
    if not json_:
        _print_tables(found)
    try:
        with errors.status("drawing"):
            figures = overgan.report.write_coordinates(found, out or Path("runs", f"{found.spec.name}-coordinates"))
    finally:  # what was measured is said even if they cannot be written
        if json_:
            print_json(_values(found, figures))
    if not json_:
        console.print(f"figures: {counted(len(figures), 'file')} in {figures[0].parent}")


def _print_tables(found: "Coordinates") -> None:
    """For each rule a row a layer, and what that says."""
    spec = found.spec
    k = f"k = {', '.join(map(str, spec.widths))}, base {spec.train.base_width}"
    console.print(
        f"{spec.name}: slopes in log k of how much a layer's outputs change; {k}; "
        f"{counted(len(spec.seeds), 'seed')}, learning rate {spec.train.learning_rate:g}"
    )
    for rule in spec.train.rules:
        rows: dict[tuple[str, str], list[str]] = {}
        for slope in found.slopes(rule):
            rows.setdefault((slope.network, slope.layer), []).append(overgan.study.power(slope))
        after = [f"after {updates}" for updates in overgan.training.UPDATES]
        print_table([rule, "layer", *after], ([*layer, *cells] for layer, cells in rows.items()))
        console.print(found.verdict(rule))


def _values(found: "Coordinates", figures: list[Path]) -> dict[str, Any]:
    """What `--json` says."""
    spec = found.spec
    return {
        "name": spec.name,
        "widths": spec.widths,
        "seeds": spec.seeds,
        "learning_rate": spec.train.learning_rate,
        "base_width": spec.train.base_width,
        "rules": [
            {
                "rule": rule,
                "holds": found.holds(rule),
                "verdict": found.verdict(rule),
                "slopes": [
                    {
                        "network": one.network,
                        "layer": one.layer,
                        "updates": one.updates,
                        "slope": one.slope,
                        "error": one.error,
                    }
                    for one in found.slopes(rule)
                ],
            }
            for rule in spec.train.rules
        ],
        "figures": [str(path) for path in figures],
    }
