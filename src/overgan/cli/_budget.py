"""`overgan recommend --budget`: the width to train once in a given time."""

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from typer import Option

from overgan.cli._headlines import print_scale
from overgan.cli._terminal import console, duration, print_json, print_table
from overgan.errors import OverganError
from overgan.words import number

if TYPE_CHECKING:
    from overgan.study import Study  # which imports pandas

Budget = Annotated[
    str | None, Option(metavar="TIME", help="Time of one training, such as 30m, 10h or 1d: the width to train in it.")
]
Pace = Annotated[
    str | None,
    Option(
        metavar="K=S,…|Fx",
        help="Your machine's seconds an iteration, such as 64=0.12, or 3x, times as fast as measured [default: 1x].",
    ),
]


def print_for_budget(
    study: "Study", budget: str, pace: str | None, tolerance: float | None, confidence: float, *, as_json: bool
) -> None:
    """Print the width, those that may come as close, and what each width would come to."""
    from overgan.study.gan import GanStudy

    if not isinstance(study, GanStudy):
        raise OverganError("--budget is for a study that trains a GAN")
    found = study.for_budget(budget, None if pace is None else read_pace(pace), tolerance, confidence)
    if as_json:
        print_json(asdict(found) | ({"shown": list(study.spec.widths)} if study.shown else {}))
        return
    if study.shown:
        console.print(f"shown: {study.shown}")
    console.print(f"In {duration(found.seconds)} of training {found}.")
    heads = ["k", "s an iteration", "affords", "after", "mean", f"{100 * confidence:g}% interval", "how it is known"]
    rows = []
    for of in found.widths:
        known = ["–", "–", "–"]
        if of.expected:
            known = [f"{of.at:,}", number(of.expected.value), of.expected.interval]
        rows.append([str(of.width), number(of.seconds_each), f"{of.iterations:,}", *known, of.how])
    print_table(heads, rows, unbroken=6)
    if any(of.at > study.spec.train.iterations for of in found.widths):
        console.print("No width is good by its curve alone: this says what to train.")
    print_scale(study.spec)


def read_pace(text: str) -> float | dict[int, float]:
    """The factor of 3x, or the seconds by width of 8=0.02,64=0.12. Raises OverganError if it is neither."""
    mend = "write your seconds an iteration, such as 64=0.12 or 8=0.02,64=0.12, or 3x: times as fast as measured"
    try:
        if text.lower().endswith("x"):
            found: float | dict[int, float] = _positive(text[:-1])
        else:
            pairs = [part.split("=") for part in text.split(",")]
            found = {int(width): _positive(seconds) for width, seconds in pairs}
            if len(found) < len(pairs) or min(found) < 1:
                raise ValueError
    except ValueError:
        raise OverganError(f"--pace is {text or 'empty'}; {mend}") from None
    return found


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value
