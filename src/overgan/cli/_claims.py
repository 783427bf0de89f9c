"""`overgan claims`: what a study says of each of the paper's statements."""

import math
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

import overgan
from overgan.cli._headlines import print_scale
from overgan.cli._options import Folder, Json, Trust, Widths, listed
from overgan.cli._terminal import console, print_json
from overgan.words import number, span

if TYPE_CHECKING:
    from overgan.study import Claim, Estimate, Study  # which import pandas

COLUMNS, LABEL = 80, 13
VERDICTS = ("supports", "contradicts", "cannot tell")

Confidence = Annotated[
    float | None, Option(help="That an interval holds the truth [default: that of the study, or 0.95].")
]


def claims(
    folder: Folder, confidence: Confidence = None, widths: Widths = None, json_: Json = False, trust: Trust = False
) -> None:
    """Say which of the paper's claims the study supports.

    First come the names of claims by verdict: supports, contradicts, cannot tell. Then of each claim what was measured,
    with intervals, what would tell, and what it rests on. Of a folder of several studies it is the claim of both
    widths.
    """
    study: Study
    if widths is None and overgan.study.is_surface(folder):
        study = overgan.study.Surface(Path(folder), trust)
    else:
        study = overgan.load(folder, trust)
    if widths is not None:
        study = study.narrowed(listed(widths))
    found = study.claims(confidence)
    if json_:
        print_json({"claims": [asdict(claim) for claim in found]})
        return
    if study.shown:
        console.print(f"shown: {study.shown}")
    if not found:
        console.print(f"none of the paper's claims is about a study of the kind {study.spec.kind}")
    for verdict in VERDICTS:
        if names := [claim.name for claim in found if claim.verdict == verdict]:
            _print_labelled(verdict, ", ".join(names))
    for claim in found:
        console.print()
        _print(claim)
    print_scale(study.spec)


def _print(claim: "Claim") -> None:
    _print_labelled(claim.verdict, f"{claim.statement} ({claim.name})")
    _print_labelled("", claim.because)
    for estimate in claim.numbers:
        _print_labelled("", f"- {_shown(estimate)}", "  ")
    if claim.p_value is not None:
        _print_labelled("", f"- p = {number(claim.p_value, 2)} for the first number, if the width changed nothing")
    if claim.needed:
        _print_labelled("", claim.needed)
    if claim.rests_on:
        _print_labelled("", f"({claim.rests_on})")


def _shown(estimate: "Estimate") -> str:
    value, low, high = estimate.shown
    interval = span(low, high) if low != high else f"{low} alone"
    sure = "" if math.isnan(estimate.low) else f" ({100 * estimate.confidence:g}% interval: {interval})"
    return f"{estimate.what}: {value}{sure}"


def _print_labelled(label: str, text: str, deeper: str = "") -> None:
    """Lines of at most 80 columns beside the label; names are not broken."""
    indent = " " * LABEL
    lines = textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=f"{label:{LABEL}}",
        subsequent_indent=indent + deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print("\n".join(lines))
