"""The runs of a width study as the claims about their training take them: curves, and which of them diverged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from overgan.study.analysis import Estimate, Kendall, kendall
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import rests_on
from overgan.words import counted, joined

MANY = 10  # times the seeds that there are, beyond which no number of seeds is named


@dataclass(frozen=True)
class Course:
    """The test distance of one run in training; there are no evaluations of one that diverged."""

    k: int
    iterations: Float[np.ndarray, " n"]
    values: Float[np.ndarray, " n"]

    @property
    def diverged(self) -> bool:
        """Whether it did not come to its end with a finite distance."""
        return not len(self.values)


def courses(study: GanResults) -> list[Course]:
    """Every run that ended, in the first feature space, at its width's best learning rate."""
    nothing = np.empty(0)
    curves = study.curves()
    found, alive = [], set()
    for k, seed in dict.fromkeys(zip(curves.k.astype(int), curves.seed.astype(int), strict=True)):
        rows = curves[(curves.k == k) & (curves.seed == seed)].sort_values("iteration")
        t, values = rows.iteration.to_numpy(float), rows.value.to_numpy(float)
        if np.isfinite(values[-1]):
            measured = ~np.isnan(values)
            found.append(Course(k, t[measured], values[measured]))
            alive.add((k, seed))
    for k, of_width in values_in_order(study).items():
        lost = len(of_width) - sum(1 for width, _ in alive if width == k)
        found += [Course(k, nothing, nothing) for _ in range(lost)]
    return sorted(found, key=lambda course: course.k)


def basis(study: GanResults, runs: Sequence[Course]) -> dict[str, Any]:
    """What claims about courses rest on, and the figure that shows them all, as fields of a claim."""
    features = study.spec.evaluate.features[0]
    return {
        "rests_on": rests_on(study, Counter(run.k for run in runs), features),
        "figures": (f"frechet-{features}-over-iterations",),
    }


def too_few(study: GanResults, runs: list[Course]) -> tuple[str, str]:
    """Why runs cannot tell whether anything goes with the width, and what would; empty if they may."""
    widths = sorted({run.k for run in runs})
    if not widths:
        return "No run has come to its end.", "Finished runs of three widths or more: go on with the study."
    if len(widths) == 1:
        rest = [k for k in study.spec.widths if k not in widths]
        more = f"Finished runs of k = {joined(rest)}: go on with the study." if rest else "Two more widths at least."
        return f"Only k = {widths[0]} has runs that have come to their end.", more
    if all(run.diverged for run in runs):
        if not any(group.diverged for group in study.status()):
            return "No run has a distance from held-out images that is a number.", "Such distances."
        return "All runs diverged.", "A lower train.learning_rate, in another folder."
    return "", ""


def trend(runs: list[Course], values: list[float], confidence: float) -> Kendall | None:
    """Kendall's τ of the runs' values with their widths; runs without a value are left out."""
    known = [(run.k, value) for run, value in zip(runs, values, strict=True) if not np.isnan(value)]
    return kendall([k for k, _ in known], [value for _, value in known], confidence)


def estimates(named: dict[str, Kendall | None]) -> tuple[Estimate, ...]:
    """Those that there are, as numbers of a claim."""
    return tuple(found.estimate(what) for what, found in named.items() if found)


def values_by_width(runs: list[Course], values: list[float]) -> dict[int, list[float]]:
    """The values of each width's runs."""
    found: dict[int, list[float]] = {}
    for run, value in zip(runs, values, strict=True):
        if not np.isnan(value):
            found.setdefault(run.k, []).append(value)
    return found


def more_seeds(runs: list[Course], found: Kendall | None) -> str:
    """How many seeds would tell, if what there is of a trend goes on, as a sentence."""
    seeds = max(Counter(run.k for run in runs).values())
    if found is None:
        return "Runs that differ: so far all have the same."
    if not found.more_runs <= MANY:
        return "More seeds and widths: the runs are too few, or the trend too weak, to say how many."
    wanted = max(seeds + 1, int(np.ceil(seeds * found.more_runs)))
    return f"About {counted(wanted, 'seed')} of each width, if the trend goes on as it looks: there are {seeds}."
