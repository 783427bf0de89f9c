"""Wider networks train more stably (paper, Fig. 5)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from overgan.metrics import frechet_label
from overgan.study.analysis import Claim, Kendall, kendall, relative_spread, variation, verdict
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._runs import (
    Course,
    basis,
    courses,
    estimates,
    more_seeds,
    too_few,
    trend,
    values_by_width,
)
from overgan.words import counted, joined, number, percent

STATEMENT = "Wider networks train more stably."
SCHEDULE = (
    "The learning rate falls to 0, which brings every run to rest by itself: at a constant one all would vary more, "
    "and perhaps in another order."
)


@dataclass(frozen=True)
class Steadiness:
    """How stably runs trained: infinite of a run that diverged, nan where there is no number."""

    runs: list[Course]
    relative: list[float]  # variation of each run about its trend over the last third of its training, over its size
    absolute: list[float]  # the same as a distance
    spread: dict[int, float]  # of each width's last distances, relative, over its seeds
    diverged: list[float]  # 1 or 0

    @property
    def shown(self) -> bool:
        """Whether there is something to draw, on a logarithmic axis."""
        return any(0 < of < math.inf for of in self.relative)


def steadiness(study: GanResults) -> Steadiness:
    """Of all runs that ended."""
    runs = courses(study)
    last = {k: [run.values[-1] for run in runs if run.k == k and not run.diverged] for k in {run.k for run in runs}}
    spreads = {k: relative_spread(of) for k, of in sorted(last.items())}
    varied = [(math.inf, math.inf) if run.diverged else variation(run.iterations, run.values) for run in runs]
    return Steadiness(
        runs,
        [relative for relative, _ in varied],
        [absolute for _, absolute in varied],
        {k: spread for k, spread in spreads.items() if not math.isnan(spread)},
        [float(run.diverged) for run in runs],
    )


def stability(study: GanResults, confidence: float) -> Claim:
    """Whether wider networks train more stably.

    The claim rests on the variation of each run about its trend over the last third of its training, relative to
    itself; a run that diverged varies more than all others. Neither the same as a distance, which is less where the
    distance is, nor the spread over seeds, of which there is one number a width, nor the share of runs that diverged
    may say the opposite.
    """
    found = steadiness(study)
    label = f"test {frechet_label(study.spec.evaluate.features[0])}"
    claim = Claim("stability", STATEMENT, "cannot tell", "", **basis(study, found.runs))
    if found.shown:
        claim = replace(claim, figures=("variation", *claim.figures))
    because, needed = _lacking(study, found)
    if because:
        return replace(claim, because=because, needed=needed)
    relative, absolute = (trend(found.runs, of, confidence) for of in (found.relative, found.absolute))
    of_seeds = kendall([float(k) for k in found.spread], list(found.spread.values()), confidence)
    lost = trend(found.runs, found.diverged, confidence)
    said = verdict(relative, [absolute, of_seeds, lost], -1)
    return replace(
        claim,
        verdict=said,
        because=_because(study, found, label),
        numbers=estimates(
            {
                f"the variation of {label} about its trend in the last third of training, relative to it": relative,
                "that variation as a distance": absolute,
                f"the spread of {label} over the seeds of a width": of_seeds,
                "whether a run diverged": lost,
            }
        ),
        needed="" if said != "cannot tell" else _needed(found.runs, relative, absolute),
        p_value=relative.p_value if relative else None,
    )


def _lacking(study: GanResults, found: Steadiness) -> tuple[str, str]:
    because, needed = too_few(study, found.runs)
    if not because and not any(map(math.isfinite, found.relative)):
        every = max(1, study.spec.train.iterations // 12)
        return (
            "How much a run varies takes three evaluations, above 0, in the last third of its training.",
            f"More evaluations, such as by train.evaluate_every={every}.",
        )
    return because, needed


def _needed(runs: list[Course], relative: Kendall | None, absolute: Kendall | None) -> str:
    if relative is None or not relative.direction:
        return more_seeds(runs, relative)
    if absolute is not None and absolute.direction == -relative.direction:
        more, less = ("more", "less") if relative.direction > 0 else ("less", "more")
        return (
            f"No run would: wider networks vary {more} relative to their distance, and {less} as a distance, and which "
            "of the two counts is a choice."
        )
    return "More seeds: how much runs vary, how much seeds differ and which runs diverge do not go the same way."


def _because(study: GanResults, found: Steadiness, label: str) -> str:
    relative, absolute = (
        {
            k: float(np.median(finite))
            for k, of in values_by_width(found.runs, varied).items()
            if (finite := [value for value in of if value < math.inf])
        }
        for varied in (found.relative, found.absolute)
    )
    medians = "medians of the runs that came through" if any(found.diverged) else "medians"
    sentences = [
        f"Over the last third of training {label} varies about its trend, relative to itself, by "
        f"{_ends(relative, _percent)}, and as a distance by {_ends(absolute, number)} ({medians})."
    ]
    if len(found.spread) > 1:
        sentences.append(
            f"Between the seeds of a width it differs by {_ends(found.spread, _percent)} (standard deviations)."
        )
    sentences.append(_lost(found))
    return " ".join([*sentences, *([SCHEDULE] if study.spec.train.schedule == "linear" else [])])


def _percent(share: float) -> str:
    return percent(share, 2)


def _ends(values: dict[int, float], shown: Callable[[float], str]) -> str:
    """A number at the narrowest and the widest width that have one."""
    return joined([f"{shown(values[k])} at k = {k}" for k in dict.fromkeys([min(values), max(values)])])


def _lost(found: Steadiness) -> str:
    counts = {k: int(sum(of)) for k, of in values_by_width(found.runs, found.diverged).items()}
    where = [f"{n} at k = {k}" for k, n in counts.items() if n]
    which = f": {joined(where)}" if where else ""
    return f"{sum(counts.values()) or 'None'} of {counted(len(found.runs), 'run')} diverged{which}."
