"""All figures that a study gives, as files."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from overgan.disk import cannot_write
from overgan.errors import OverganError
from overgan.figures._drawing import FIGURES, NotDrawnError, drawn
from overgan.figures._paper_figure import FORMATS, known_formats
from overgan.study import load, publish
from overgan.words import joined

ARCHITECTURES = "Fig. 8 draws the architectures, which overgan.models has and docs/models.md describes"


@dataclass(frozen=True)
class Written:
    """Which figures were written, and why others were not."""

    paths: dict[str, list[Path]]  # figure -> its files, the caption last
    reasons: dict[str, str]  # the paper's number -> what is missing, one line

    @property
    def refused(self) -> list[str]:
        """Lines that say which figures were not drawn, and why."""
        return _by_reason(self.reasons)


def write_figures(
    folder: str | Path,
    only: Iterable[int | str] | None = None,
    out: str | Path | None = None,
    formats: Iterable[str] = FORMATS,
    *,
    features: str | None = None,
    trust: bool = False,
) -> Written:
    """Write the paper's figures that a study gives: fig4a.pdf, fig4a.svg, fig4a.png, the caption fig4a.txt, ….

    only: these alone, such as [4, 5] or ["4a"]; by default all that can be drawn.
    out: the folder for them, by default figures in the study's.
    formats: of pdf, svg, png.
    features: the space of distances, by default the spec's first.
    trust: as in `overgan.load`.

    Raises OverganError if there is no study, one of `only`, or all, cannot be drawn, or nothing can be written.
    """
    formats = known_formats(formats)
    wanted = None if only is None else _wanted(only)
    study = load(folder, trust)
    figures, reasons = {}, {}
    for number in FIGURES if wanted is None else wanted:
        try:
            figures[number] = drawn(number, study, features)
        except NotDrawnError as error:
            if wanted is not None:
                raise
            reasons[number] = error.reason
    for number, names in (wanted or {}).items():
        name = figures[number].name
        if other := names - {number, name.removeprefix("fig")}:
            raise OverganError(
                f"{{argument}}: no Fig. {min(other)} of this study, whose Fig. {number} is {name}", "only"
            )
    if not figures:
        raise OverganError(f"{study.place} gives none of the paper's figures: {'; '.join(_by_reason(reasons))}")
    place = study.folder / "figures" if out is None else Path(out)
    try:
        paths = {figure.name: figure.write(place, formats) for figure in figures.values()}
    except OSError as error:
        raise OverganError(cannot_write(place, error)) from None
    if out is None:
        publish(study.folder)
    return Written(paths, reasons)


def _wanted(only: Iterable[int | str]) -> dict[str, set[str]]:
    """By number the figures that are wanted, as they were named: 4 or 4a. Raises OverganError if one is unknown."""
    wanted: dict[str, set[str]] = {}
    for given in only:
        found = re.fullmatch(r"(\d+)[a-f]?", name := str(given).strip().removeprefix("fig"))
        if found and found[1] == "8":
            raise OverganError(f"{{argument}}: {ARCHITECTURES}", "only")
        if not found or found[1] not in FIGURES:
            raise OverganError(f"{{argument}}: no figure {given}; there are {', '.join(FIGURES)}", "only")
        wanted.setdefault(found[1], set()).add(name)
    if not wanted:
        raise OverganError(f"{{argument}} is empty; there are {', '.join(FIGURES)}", "only")
    return wanted


def _by_reason(reasons: dict[str, str]) -> list[str]:
    """The figures that are missing for the same reason, and the reason."""
    numbers: dict[str, list[str]] = {}
    for number, reason in reasons.items():
        numbers.setdefault(reason, []).append(number)
    return [f"no Fig. {joined(of)}: {reason}" for reason, of in numbers.items()]
