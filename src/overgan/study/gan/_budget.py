"""The width to train once, for a given time of training."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overgan.check import check
from overgan.duration import seconds_of
from overgan.errors import OverganError
from overgan.metrics import frechet_label
from overgan.study._status import at_every_width
from overgan.study.analysis import FEWEST, MOST, Expected, closest, curves_of
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.training import read_checkpoint, seeds_of
from overgan.words import counted, joined, number, percent

LOST = "all runs diverged"

Pace = float | Mapping[int, float]


@dataclass(frozen=True)
class Afforded:
    """What the budget affords at one width, and what a model would come to by then."""

    width: int
    seconds_each: float  # of an iteration of one run
    iterations: int  # that the budget affords
    at: int  # iterations that the distance is of
    expected: Expected | None  # mean test distance, with its interval; None if nothing is known of it
    how: str  # it is known, or why it is not


@dataclass(frozen=True)
class ForBudget:
    """The width to train once for a time of training. Printed, it is that with what is expected."""

    seconds: float
    width: int  # whose mean is expected to be least
    not_told_apart: tuple[int, ...]  # widths that may come as close
    narrowest: int  # within the tolerance of it
    tolerance: float
    confidence: float
    quantity: str
    widths: tuple[Afforded, ...]
    limit: str  # of what can be known, in words; empty if the budget does not reach it

    def __str__(self) -> str:
        known = {of.width: of.expected for of in self.widths if of.expected}
        best = next(of for of in self.widths if of.width == self.width)
        alone = math.isnan(known[self.width].low)
        text = f"k = {self.width} is expected to come closest: mean {self.quantity}"
        text += f" {number(known[self.width].value)}"
        text += "" if alone else f" ({100 * self.confidence:g}% interval: {known[self.width].interval})"
        text += f" after {best.at:,} iterations, {best.how}"
        others = [k for k in self.not_told_apart if k != self.width]
        if len(known) > 1:
            text += f"; k = {joined(others)} may come as close" if others else "; no other width comes as close"
        text += ". With one run a width that came through, how much runs differ is not known" if alone else ""
        if self.narrowest != self.width:
            text += f". The narrowest within {percent(self.tolerance)} of it is k = {self.narrowest}"
        lost = [of.width for of in self.widths if of.how == LOST]
        unknown = [of.width for of in self.widths if of.width not in {*known, *lost}]
        text += f". All runs at k = {joined(lost)} diverged" if lost else ""
        text += f". Nothing is known of k = {joined(unknown)}" if unknown else ""
        return text + (f". {self.limit}" if self.limit else "")


def for_budget(
    study: GanResults, budget: str | float, pace: Pace | None, tolerance: float | None, confidence: float
) -> ForBudget:
    """The width to train once; the arguments are those of `GanStudy.for_budget`."""
    seconds = seconds_of(budget) if isinstance(budget, str) else float(budget)
    check(0 < seconds < math.inf, "budget", budget, "more than 0 seconds, and finite")
    check(0 < confidence < 1, "confidence", confidence, "above 0 and below 1")
    tolerance = study.spec.tolerance if tolerance is None else tolerance
    check(0 <= tolerance < math.inf, "tolerance", tolerance, "at least 0, and finite")
    paces = _paces(study, pace)
    values = values_in_order(study)
    curves = {k: of for k, of in curves_of(study.curves()).items() if of.shape[1]}
    if not curves:
        raise OverganError("no width has a finished run yet, or all diverged; go on with the study first")
    trained, rests = study.spec.train.iterations, study.spec.train.schedule == "linear"
    afforded = {k: int(seconds / paces[k]) for k in study.spec.widths}
    ends = rests or max(len(of) for of in curves.values()) < FEWEST  # no curve goes on
    at = {k: trained if ends and n >= trained else 0 if rests else n for k, n in afforded.items()}
    lost = {k: sum(map(math.isinf, of)) / len(of) for k, of in values.items()}
    found = closest(curves, at, lost, tolerance, confidence)
    if found is None:
        least = trained if rests else min(int(of.index[0]) for of in curves.values())
        affords = joined([f"{counted(n, 'iteration')} at k = {k}" for k, n in afforded.items()])
        raise OverganError(
            f"{{argument}} is {budget}, which affords {affords}: nothing is known of fewer than {least:,}; give more",
            "budget",
        )
    return ForBudget(
        seconds,
        found.width,
        found.not_told_apart,
        found.narrowest,
        tolerance,
        confidence,
        f"test {frechet_label(study.spec.evaluate.features[0])}",
        tuple(
            Afforded(
                k,
                paces[k],
                n,
                min(at[k], MOST * trained),
                found.expected.get(k),
                LOST
                if lost.get(k) == 1
                else _how(at[k], trained, rests=rests, known=k in found.expected, finished=k in curves),
            )
            for k, n in afforded.items()
        ),
        _limit(afforded.values(), trained, rests=rests, ends=ends),
    )


def _limit(afforded: Iterable[int], trained: int, *, rests: bool, ends: bool) -> str:
    if rests:
        return f"The learning rate falls to 0 at {trained:,} iterations: only trainings of that length are known"
    if ends:
        return f"Curves of fewer than {FEWEST} evaluations do not go on beyond {trained:,} iterations"
    far = MOST * trained
    return f"Curves are followed to {MOST} times what was trained, {far:,}, no farther" if max(afforded) > far else ""


def _how(at: int, trained: int, *, rests: bool, known: bool, finished: bool) -> str:
    if not finished:
        return "no run is finished"
    if rests:
        return "as trained" if known else "fewer than were trained"
    if not known:
        return "fewer than at the first evaluation" if at < trained else "no law for its curve"
    return "as trained" if at <= trained else "by its curve"


def _paces(study: GanResults, pace: Pace | None) -> dict[int, float]:
    """Seconds of an iteration of one run, by width."""
    widths, measured = study.spec.widths, {}
    for k in widths:
        checkpoint = read_checkpoint(study.group(k))
        if checkpoint and checkpoint.iteration and checkpoint.seconds:
            runs = len(seeds_of(checkpoint, [])) * study.spec.runs_a_seed
            measured[k] = checkpoint.seconds / checkpoint.iteration / runs
    if isinstance(pace, Mapping):
        for k, each in pace.items():
            check(k >= 1 and 0 < each < math.inf, "pace", f"{each} at k = {k}", "seconds above 0, and finite, by width")
        if len(pace) == 1 and measured:
            ((k, each),) = pace.items()
            whole = at_every_width(measured, [*widths, k])
            return {width: whole[width] * each / whole[k] for width in widths}
        check(pace, "pace", "empty", "seconds of an iteration by width")
        return at_every_width(pace, widths)
    times = 1.0 if pace is None else float(pace)
    check(0 < times < math.inf, "pace", pace, "more than 0 times as fast, and finite")
    if not measured:
        raise OverganError("the study has not measured its pace; give {argument}, such as 64=0.12", "pace")
    return {k: each / times for k, each in at_every_width(measured, widths).items()}
