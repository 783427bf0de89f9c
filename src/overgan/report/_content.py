"""What a report says, whichever kind its study is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from overgan.report._map import Map
from overgan.report._plot import Plot
from overgan.report._samples import Samples
from overgan.study import KINDS, Claim, Study, share_done
from overgan.words import counted, number

Row = list[tuple[str, str]]  # of a table: each column's heading, and the cell


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading of its own."""

    title: str
    note: str
    plots: Sequence[Plot | Map]
    table: list[Row]


@dataclass(frozen=True)
class Content:
    """The parts of a page that are not the same in every kind of study."""

    subtitle: str
    findings: list[str]  # sentences, the recommendation first; each follows from numbers in the folder
    plots: Sequence[Plot | Map]
    table: list[Row]  # one a width
    table_note: str
    method: list[str]  # paragraphs
    samples: Samples | None = None
    neighbours: list[tuple[str, str]] = field(default_factory=list)  # caption, and a picture as a data URL
    more_neighbours: list[tuple[str, str]] = field(default_factory=list)  # those that are shown on request
    neighbours_left_out: int = 0  # pictures, for want of room
    data: str = ""  # what identifies the images
    claims: Sequence[Claim] = ()
    section: Section | None = None  # of what not every study has
    question: str = "How wide must it be?"

    @property
    def all_plots(self) -> list[Plot | Map]:
        """Those of the page, from its top."""
        return [*self.plots, *(self.section.plots if self.section else [])]


def length(study: Study) -> str:
    """How long a run of the study is, in a few words."""
    return KINDS[study.spec.kind].length(study.spec)


def extent(study: Study) -> str:
    """How many widths and seeds a study has."""
    seeds = sorted({len(study.seeds(width)) for width in study.spec.widths})
    counts = counted(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]} seeds"
    _, times, others = study.spec.of_a_width.partition(" × ")  # a study may decide on its seeds, not on the others
    return f"{counted(len(study.spec.widths), 'width')}, {counts}{times}{others} each"


def state(study: Study, width: int) -> str:
    """How many runs of a width are finished, and how many diverged."""
    status = study.group_status(width)
    count = status.runs or study.runs(width)
    finished = count - status.diverged if status.complete else status.finished
    done = f"{finished} of {counted(count, 'run')} finished" if status.complete or finished else "under way"
    done = "waiting" if status.state == "waiting" else done
    return done + (f", {status.diverged} diverged" if status.diverged else "")


def runs_sentences(study: Study, consequence: str) -> list[str]:
    """How many runs diverged, and which widths are not finished."""
    groups = study.status()
    diverged = {group.width: group.diverged for group in groups if group.diverged}
    runs = sum(group.runs or study.runs(group.width) for group in groups)
    where = ", ".join(f"{n} at k = {k}" for k, n in diverged.items())
    reason = f": {where}; {consequence}" if where else ""
    return [f"{sum(diverged.values())} of {counted(runs, 'run')} diverged{reason}.", *unfinished(study)]


def unfinished(study: Study) -> list[str]:
    """Which widths are not finished, if some are not, and how much is done."""
    groups = study.status()
    widths = [group.width for group in groups if not group.complete]
    if not widths:
        return []
    return [
        f"Not finished yet: k = {', '.join(map(str, widths))}.",
        f"About {int(100 * share_done(groups))}% of the work is done.",
    ]


def mean_and_deviation(series: pd.Series) -> str:
    """Such as 2.5 ± 0.1, a dash without values."""
    values = series.to_numpy(float)
    text = number(series.mean())
    if len(values) < 2 or not np.isfinite(values).all():  # infinite values have no deviation
        return text
    scale = np.abs(values).max() or 1.0  # the squares of large ones would overflow
    return f"{text} ± {number((values / scale).std(ddof=1) * scale, 2)}"
