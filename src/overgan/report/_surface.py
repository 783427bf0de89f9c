"""report.html of several studies of one spec: their comparison, and the surface over both widths."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from overgan.report._compare import parts
from overgan.report._comparison import compared
from overgan.report._files import write_files
from overgan.report._template import render
from overgan.report.pages._compared import figures as compared_figures
from overgan.report.pages._surface import balanced
from overgan.study import Pair, Surface, share_done
from overgan.words import number

UNEVEN = 1.25  # times a wider pair's cost, which no width explains


def write_surface(folder: Path, *, figures: bool, refresh: int | None, trust: bool) -> Path:
    """Write report.html, and the figures of both widths; the page's path.

    Raises OverganError if none of the studies is begun, or it cannot be written.
    """
    surface = Surface(folder, trust)
    confidence = surface.confidence()
    studies = {f"{surface.held}-{width}": study for width, study in surface.studies.items()}
    found, said = compared(studies, confidence), balanced(surface, confidence)
    plots = compared_figures(found, ordered=True)
    shown, claim = parts(found, plots), said.claim
    if waiting := _waiting(surface):
        shown["warnings"] = [*shown["warnings"], waiting]
    if uneven := _uneven(surface.pairs(), surface.cost):
        shown["warnings"] = [*shown["warnings"], uneven]
    page = render(
        "compare.html.j2",
        plots=bool(plots or said.section.plots),
        title=surface.spec.name,
        kind="both widths",
        question="Which ratio of widths?",
        answer=said.answer,
        note=said.note,
        said=f"{claim.statement.removesuffix('.')}: {claim.verdict}. {claim.because} {claim.needed}",
        surface=said.section,
        refresh=refresh,
        **shown,
    )
    path = folder / "report.html"
    write_files(path, page, said.section.plots if figures else (), folder / "figures")
    return path


def _uneven(pairs: Sequence[Pair], cost: str) -> str:
    """That the measured times are not of widths alone, in a sentence; empty if wider pairs took longer."""
    for less, more in permutations(pairs, 2):
        wider = less.generator <= more.generator and less.critic <= more.critic
        if wider and less.cost > UNEVEN * more.cost:
            return (
                f"The costs are rough: {less} took {number(less.cost, 2)} and {more}, which is wider, "
                f"{number(more.cost, 2)} {cost}, so something else kept the machine busy."
            )
    return ""


def _waiting(surface: Surface) -> str:
    """What is not finished, in a sentence; empty if all is."""
    groups = surface.status()
    if len(surface.studies) == len(surface.spec.parts) and all(group.complete for group in groups):
        return ""
    begun = f"{len(surface.studies)} of {len(surface.spec.parts)} studies"
    return f"Not finished yet: {begun} begun, of which {int(100 * share_done(groups))}% is done."
