"""Wider networks converge faster (paper, Fig. 5)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from overgan.metrics import frechet_label
from overgan.study.analysis import (
    Claim,
    Kendall,
    common_target,
    iterations_to,
    iterations_to_final,
    mean_level,
    verdict,
)
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
from overgan.words import course, joined, number

STATEMENT = "Wider networks converge faster."
EVALUATIONS = 3  # with fewer, when a distance is reached is hardly known
SCHEDULE = (
    "The learning rate falls to 0, which brings every run to rest at the end, whatever its width: the last of these "
    "says little."
)


@dataclass(frozen=True)
class Speed:
    """How fast runs converged, each a value a run; infinite for one that never does, nan for one that has none."""

    runs: list[Course]
    target: float  # a distance, 10 % above what three quarters of the runs end at
    to_target: list[float]
    level: list[float]  # mean over training
    to_final: list[float]  # iterations to within 10 % of its own last distance

    @property
    def shown(self) -> bool:
        """Whether there is something to draw: a distance that most come to, and runs of more than one evaluation."""
        return math.isfinite(self.target) and max(len(run.values) for run in self.runs) > 1


def speed(study: GanResults) -> Speed:
    """Of all runs that ended; a run that diverged never comes to anything."""
    runs = courses(study)
    target = common_target([math.inf if run.diverged else float(run.values[-1]) for run in runs])
    return Speed(
        runs,
        target,
        [math.inf if run.diverged else iterations_to(run.iterations, run.values, target) for run in runs],
        [math.inf if run.diverged else mean_level(run.iterations, run.values) for run in runs],
        [math.nan if run.diverged else iterations_to_final(run.iterations, run.values) for run in runs],
    )


def convergence(study: GanResults, confidence: float) -> Claim:
    """Whether wider networks come to the same distance sooner.

    The claim rests on the iterations to a fixed distance, 10 % above the least that three quarters of all runs end at;
    a run that does not come to it is censored at the end of training: later than all that do, and tied with the others
    that do not. The mean level over training must not say the opposite. The iterations to within 10 % of a run's own
    last distance do not count for or against: they are few for a network that soon stops to improve, however poor.
    """
    found = speed(study)
    label = f"test {frechet_label(study.spec.evaluate.features[0])}"
    claim = Claim("convergence", STATEMENT, "cannot tell", "", **basis(study, found.runs))
    if found.shown:
        claim = replace(claim, figures=("iterations-to-target", *claim.figures))
    because, needed = _lacking(study, found)
    if because:
        return replace(claim, because=because, needed=needed)
    to_target, level, to_final = (
        trend(found.runs, values, confidence) for values in (found.to_target, found.level, found.to_final)
    )
    said = verdict(to_target, [level], -1)
    return replace(
        claim,
        verdict=said,
        because=_because(study, found, label),
        numbers=estimates(
            {
                f"the iterations to {label} {number(found.target)}": to_target,
                f"the mean {label} over training": level,
                "the iterations to within 10% of a run's own last distance": to_final,
            }
        ),
        needed="" if said != "cannot tell" else _needed(found.runs, to_target),
        p_value=to_target.p_value if to_target else None,
    )


def _lacking(study: GanResults, found: Speed) -> tuple[str, str]:
    because, needed = too_few(study, found.runs)
    if because:
        return because, needed
    most = max(len(run.values) for run in found.runs)
    if most < EVALUATIONS:
        every = max(1, study.spec.train.iterations // 10)
        there = "there is 1" if most == 1 else f"there are {most}"
        return (
            f"When a distance is reached takes several evaluations of a run: {there}.",
            f"Ten evaluations, such as by train.evaluate_every={every}.",
        )
    if math.isinf(found.target):
        return "More than a quarter of the runs diverged, so that there is no distance that most end at.", (
            "A lower train.learning_rate, in another folder."
        )
    return "", ""


def _because(study: GanResults, found: Speed, label: str) -> str:
    levels = {k: float(np.median(of)) for k, of in values_by_width(found.runs, found.level).items()}
    finals = {k: float(np.median(of)) for k, of in values_by_width(found.runs, found.to_final).items()}
    own = joined([f"{number(finals[k])} iterations at k = {k}" for k in dict.fromkeys([min(finals), max(finals)])])
    sentences = [
        f"{label[0].upper()}{label[1:]} {number(found.target)}, 10% above what three quarters of the runs end at, is "
        f"reached {_when(values_by_width(found.runs, found.to_target))}.",
        f"Its mean over training {course(levels)}.",
        f"It is within 10% of where a run ends after {own} (all medians): that is when runs stop improving, however "
        "good they are.",
    ]
    linear = study.spec.train.schedule == "linear"
    return " ".join([*sentences, *([SCHEDULE] if linear else [])])


def _when(reached: dict[int, list[float]]) -> str:
    """After how many iterations the median run is there: of the narrowest, the fastest and the widest networks."""
    medians = {k: float(np.quantile(of, 0.5, method="higher")) for k, of in reached.items()}
    fastest = min(medians, key=lambda k: medians[k])
    ends = sorted({min(medians), max(medians), *([fastest] if math.isfinite(medians[fastest]) else [])})
    return joined(
        [
            f"by {'no run' if all(map(math.isinf, reached[k])) else 'few runs'} of k = {k}"
            if math.isinf(medians[k])
            else f"after {number(medians[k])} iterations at k = {k}"
            for k in ends
        ]
    )


def _needed(runs: list[Course], to_target: Kendall | None) -> str:
    if to_target is not None and to_target.direction:
        return (
            "A longer study: curves cross, so that the order in which widths come to the distance is not that of their "
            "means over training."
        )
    if to_target is None:
        return "Earlier evaluations, by a smaller train.evaluate_every: so far all runs come to it at the same one."
    return more_seeds(runs, to_target)
