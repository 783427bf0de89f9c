"""compare.html: several studies on one page that opens offline."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from overgan.check import check
from overgan.disk import write_atomic
from overgan.errors import OverganError
from overgan.report._comparison import Comparison, compared, opened
from overgan.report._map import Map
from overgan.report._plot import Plot, to_html
from overgan.report._template import render
from overgan.report.pages._compared import (
    claims_table,
    difference_table,
    figures,
    recommended_table,
    settings_table,
    study_table,
)
from overgan.study import scale_warning
from overgan.words import joined


def compare(
    studies: Sequence[str | Path],
    out: str | Path | None = "compare.html",
    *,
    confidence: float = 0.95,
    trust: bool = False,
) -> Comparison:
    """Several studies on one page: curves, claims, and which differences are larger than seeds explain.

    What does not compare (other images, feature networks, numbers of images) is said, and shares no axis.

    studies: folders, or addresses, of studies of one kind, finished or not.
    out: the page; None writes none.
    confidence: of intervals: those of all differences hold together.
    trust: as in `overgan.load`.

    Raises OverganError if there are fewer than two studies, one twice, one that cannot be read, has no finished run or
    is of another kind, or if the page cannot be written.
    """
    check(0 < confidence <= 0.999, "confidence", confidence, "above 0, and at most 0.999")
    found = compared(opened(studies, trust), confidence)
    if out is None:
        return found
    plots = figures(found)
    page = render(
        "compare.html.j2",
        plots=bool(plots),
        title=joined(list(found.studies)),
        kind="comparison",
        question="Larger than seeds explain",
        **answered(found),
        **parts(found, plots),
    )
    path = Path(out)
    write_page(path, page)
    return replace(found, page=path)


def answered(found: Comparison) -> dict[str, str]:
    """What the page says first, large and in a sentence."""
    of = [] if found.gans is None else found.gans.differences
    tested = [one for one in of if one.difference.low == one.difference.low]
    larger = sum(one.difference.different for one in tested)
    return {
        "answer": f"{larger} of {len(tested)}" if tested else "Not tested",
        "note": "differences of mean test distances" if tested else "",
        "said": found.summary,
    }


def parts(found: Comparison, plots: Sequence[Plot | Map]) -> dict[str, Any]:
    """What the template shows of every comparison."""
    gans = found.gans
    warnings = [scale_warning(study.spec) for study in found.studies.values()]
    return {
        "subtitle": None,
        "warnings": dict.fromkeys(filter(None, warnings)),
        "obstacles": gans.obstacles if gans else (),
        "differences": difference_table(found) if gans else [],
        "recommended": recommended_table(found) if gans else [],
        "settings": settings_table(found) if gans else [],
        "confidence": f"{100 * gans.confidence:g}%" if gans else "",
        "claims": claims_table(found),
        "names": list(found.studies),
        "curves": plots,
        "studies": study_table(found),
        "to_html": to_html,
    }


def write_page(path: Path, page: str) -> None:
    """Write it, and its folder if that is not there. Raises OverganError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, page.encode(errors="backslashreplace"), folder_too=False)
    except OSError as error:
        reason = error.strerror or error
        raise OverganError(f"{path} cannot be written ({reason}); name another file with {{argument}}", "out") from None
