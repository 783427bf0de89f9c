"""`overgan compare`: several studies on one page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

import overgan
from overgan.cli._options import Json, Trust, named
from overgan.cli._terminal import console, errors, print_json, print_table
from overgan.words import number, signed, span

if TYPE_CHECKING:
    from overgan import Comparison
    from overgan.study import Between

Studies = Annotated[list[str], Argument(metavar="DIR…", help="Studies' folders, or addresses (s3://…); at least two.")]
PageOut = Annotated[
    Path | None, Option("--out", metavar="FILE", parser=named, help="The page [default: compare.html].")
]


def compare(studies: Studies, out: PageOut = None, json_: Json = False, trust: Trust = False) -> None:
    """Put several studies on one page, and say which differences are larger than seeds explain.

    The page has their curves, the paper's claims and the recommended widths side by side, and says what does not
    compare. Differences of mean test distances are tested at each width that two studies have, all of them together.
    """
    with errors.status("reading the studies"):
        found = overgan.compare(studies, out or "compare.html", trust=trust)
    if json_:
        print_json(_values(found))
        return
    if found.gans:
        rows = [_row(of) for of in found.gans.differences]
        if rows:
            print_table(["features", "studies", "k", "means", "difference", "larger"], rows, unbroken=1)
        for sentence in found.gans.obstacles:
            console.print(sentence)
    console.print(found.summary)
    console.print(f"page: {found.page}")


def _row(of: "Between") -> list[str]:
    found = of.difference
    unknown = found.low != found.low
    interval = "" if unknown else f" ({span(signed(found.low), signed(found.high))})"
    larger = "cannot tell" if unknown else "yes" if found.different else "no"
    means = f"{number(found.first)}, {number(found.second)}"
    return [of.features, f"{of.first}, {of.second}", str(of.k), means, f"{signed(found.value)}{interval}", larger]


def _values(found: "Comparison") -> dict[str, Any]:
    """What `--json` says."""
    gans = found.gans
    return {
        "page": str(found.page),
        "studies": [
            {
                "name": name,
                "place": study.place,
                "recommendation": found.recommendations[name],
                "claims": {claim.name: claim.verdict for claim in found.claims[name]},
            }
            for name, study in found.studies.items()
        ],
        "obstacles": list(gans.obstacles) if gans else [],
        "settings": {key: dict(values) for key, values in gans.settings.items()} if gans else {},
        "confidence": gans and gans.confidence,
        "differences": [
            {"features": of.features, "first": of.first, "second": of.second, "k": of.k, "runs": list(of.runs)}
            | {"means": [of.difference.first, of.difference.second], "difference": of.difference.value}
            | {"low": of.difference.low, "high": of.difference.high, "p_value": of.difference.p_value}
            | {"different": None if of.difference.low != of.difference.low else of.difference.different}
            for of in (gans.differences if gans else ())
        ],
        "recommended": [
            {
                "features": of.features,
                "widths": list(of.widths),
                "not_excluded": {name: list(said.not_excluded) for name, said in of.by_study.items()},
                "different": [
                    [first, second]
                    for i, first in enumerate(of.by_study)
                    for second in list(of.by_study)[i + 1 :]
                    if of.different(first, second)
                ],
            }
            for of in (gans.recommended if gans else ())
        ],
    }
