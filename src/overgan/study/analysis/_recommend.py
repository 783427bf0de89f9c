"""Which width is enough, and how sure that is: for a study's numbers, and for anybody's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from overgan.check import check
from overgan.study.analysis._means import Decision, decide
from overgan.study.analysis._missing import missing
from overgan.study.analysis._pairs import as_judged
from overgan.study.analysis._shares import decide_by_share
from overgan.study.analysis._table import read_values
from overgan.study.analysis._values import Runs, Values, runs_by_width
from overgan.words import brief, counted, joined, number

TRY_NARROWER = "; it is the narrowest that was tried: try narrower"


@dataclass(frozen=True, repr=False)
class Recommendation:
    """The width to use, or, if something is missing, what the runs so far say. Printed, it is that with the reason."""

    width: int
    interval: tuple[int, int]  # the narrowest and the widest of not_excluded
    not_excluded: tuple[int, ...]  # the widths that may be the narrowest that is enough, by these runs
    value: float  # mean over runs, of `width`
    best_width: int
    best_value: float
    tolerance: float
    confidence: float
    quantity: str  # what the values are
    try_wider: bool  # no width is enough, or only the widest
    try_narrower: bool  # the narrowest is enough, so that narrower ones may be, too
    reason: str  # why this width
    learning_rate: float | None = None  # of `width`, where each was judged at the best of several
    diverged: Mapping[int, int] = field(default_factory=dict)  # runs that did, of the widths with some
    missing: tuple[str, ...] = ()  # what it takes to recommend a width, in words; empty if this is a recommendation
    anytime: bool = False  # whether the confidence holds for a study that stopped when its runs said so
    probability: float | None = None  # that `width` is the right one, by these runs; of a GAN's study
    more_seeds: dict[int, int] = field(
        default_factory=dict
    )  # width -> seeds that, with those there are, would settle it
    core_hours: float | None = None  # that these take at the measured pace; of a study on GPUs, GPU-hours

    def __repr__(self) -> str:
        missing = {"recommended": None} if self.missing else {}
        return brief(
            self, width=self.width, interval=self.interval, value=self.value, confidence=self.confidence, **missing
        )

    @property
    def recommended(self) -> int | None:
        """The width, if nothing is missing."""
        return None if self.missing else self.width

    def __str__(self) -> str:
        width = f"k = {self.width}" + (f" at learning rate {self.learning_rate:g}" if self.learning_rate else "")
        if self.missing:
            takes = "; ".join(self.missing)
            return f"No recommendation yet; it takes {takes}. Of what there is, {width}: {self.reason}"
        return f"Recommended: {width} ({self.sure}): {self.reason}"

    @property
    def sure(self) -> str:
        """The interval, with its confidence, in words."""
        low, high = self.interval
        if self.anytime and len(self.not_excluded) == 1:
            return f"at {100 * self.confidence:g}% confidence, whenever it was stopped"
        widths = f"{low} to {high}" if low < high else f"{low} alone"
        return f"{100 * self.confidence:g}% interval: {widths if self.not_excluded else 'none of these widths'}"


def recommend(
    values: Values | str | Path, tolerance: float = 0.05, confidence: float = 0.95, *, quantity: str | None = None
) -> Recommendation:
    """The narrowest width that is enough, with a confidence interval.

    values: of each run, by width. Numbers, such as distances, less being better: a width is enough if its mean is at
        most the best one's and `tolerance` times its size; inf is a run that diverged, which counts as worse than
        the mean of the width's other runs by its size, and a width whose runs all diverged is not enough. Or booleans,
        whether each run succeeded: a width is enough if its share of successes is at least 1 − tolerance, and the first
        that is shown to be is recommended. Or the path of a CSV file with the columns k, seed and value.
    confidence: of the interval, and of what is shown.
    quantity: what the values are, in words; of booleans, what successful runs have done.

    A recommendation takes three widths, and three runs of each that may be the answer; the result says what is missing.
    How sure it is, and how it is tested, is in docs/concepts.md. Widths without runs are left out; they count as there.

    Raises OverganError if there is no width with a run, all diverged, a value is no number, an argument is out of
    range, or a file cannot be read.
    """
    check(0 <= tolerance < np.inf, "tolerance", tolerance, "at least 0, and finite")
    check(
        0 < confidence <= 0.999, "confidence", confidence, "above 0, and at most 0.999, which the simulation resolves"
    )
    if isinstance(values, str | Path):
        values = read_values(values)
    check(isinstance(values, Mapping), "values", f"a {type(values).__name__}", "a dict of runs by width, or a CSV file")
    runs = runs_by_width(values)
    if next(iter(runs.values())).dtype == np.bool_:
        return _by_share(runs, len(values), tolerance, confidence, quantity or "succeeded")
    return _by_mean(runs, len(values), tolerance, confidence, quantity or "value")


def _percent(share: float) -> str:
    """With the digits that it has."""
    return f"{100 * share:.6g}%"


def _by_mean(runs: Runs, given: int, tolerance: float, confidence: float, quantity: str) -> Recommendation:
    judged = {k: v for k, of in runs.items() if np.isfinite(v := as_judged(of)).all()}  # where not all diverged
    widths, values = list(judged), list(judged.values())
    decision = decide(values, tolerance, confidence)
    means = np.array([v.mean() for v in values])
    place, best = decision.place, int(means.argmin())
    value, least = float(means[place]), float(means[best])
    try_wider = widths[place] == max(runs) and len(widths) > 1 and least != 0
    text = f"mean {quantity} {number(value)}"
    left = int(decision.not_excluded.sum())
    if try_wider:
        improving = "still improving" if left == 1 else "it seems still improving"
        text += f", the best so far, and {improving} by more than {_percent(tolerance)}: try wider"
    elif place == best:
        text += ", the best of all widths" if len(widths) > 1 else ""
        text += f"; no narrower one comes within {_percent(tolerance)}" if place > 0 else ""
    elif value <= least + tolerance * abs(least):
        text += f", within {_percent(tolerance)} of the best, {number(least)} at k = {widths[best]}"
    else:
        text += (
            f", which these runs cannot tell from within {_percent(tolerance)} of the best, {number(least)} at k = "
            f"{widths[best]}: the least of several noisy means is too low"
        )
    try_narrower = _try_narrower(list(runs), widths[place])
    text += TRY_NARROWER if try_narrower else ""
    text += _of_diverged(runs, judged, decision, tolerance, confidence)
    text += _too_few([len(v) for v in values], decision.runs_needed, left, tolerance)
    return Recommendation(
        **_between(runs, given, widths, place, best, decision.not_excluded),
        diverged={k: n for k, v in runs.items() if (n := int(np.isinf(v).sum()))},
        value=value,
        best_value=least,
        tolerance=tolerance,
        confidence=confidence,
        quantity=quantity,
        try_wider=try_wider,
        try_narrower=try_narrower,
        reason=text,
    )


def _of_diverged(runs: Runs, judged: Runs, decision: Decision, tolerance: float, confidence: float) -> str:
    """Which widths had runs that diverged, if that decided anything.

    judged: the runs of the widths at which some came through, with what the diverged ones count as.
    """
    text = f". All runs at k = {joined(lost)} diverged" if (lost := [k for k in runs if k not in judged]) else ""
    finished = {k: runs[k][np.isfinite(runs[k])] for k in judged}
    some = [k for k in judged if len(finished[k]) < len(runs[k])]
    if not some:
        return text
    without = decide(list(finished.values()), tolerance, confidence)
    if without.place == decision.place and (without.not_excluded == decision.not_excluded).all():
        return text
    counts = joined([f"{len(runs[k]) - len(finished[k])} of {counted(len(runs[k]), 'run')} at k = {k}" for k in some])
    return f"{text}. {counts} diverged, and each counts as worse than the mean of the others there by its size"


def _too_few(runs: Sequence[int], needed: float, left: int, tolerance: float) -> str:
    """What more runs would do, if the ones at hand leave several widths."""
    most = max(runs)
    if most == 1 or left < 2 or needed <= most:
        return ""
    runs_a_width = f"{most} runs a width" if min(runs) == most else f"At most {most} runs a width"
    text = f". {runs_a_width} are too few to decide between {left} widths"
    if np.isfinite(needed):
        about = max(most + 1, math.ceil(needed) if needed < 10 else float(f"{needed:.1e}"))
        text += f": at their spread about {about:,.0f} would tell a difference of {_percent(tolerance)}"
    return text


def _by_share(runs: Runs, given: int, tolerance: float, confidence: float, quantity: str) -> Recommendation:
    widths = list(runs)
    counts = np.array([len(v) for v in runs.values()])
    successes = np.array([v.sum() for v in runs.values()])
    share = max(0.0, 1 - tolerance)
    decision = decide_by_share(successes, counts, share, confidence)
    place, shares = decision.place, successes / counts
    best = int(shares.argmax())
    text = f"{successes[place]} of {counted(int(counts[place]), 'run')} {quantity}"
    none = not decision.shown and bool(shares[place] < share)
    if decision.shown:
        text += f", which shows a share of at least {_percent(share)}"
        text += "; no narrower width does" if place > 0 else ""
    elif none:
        text += f", the largest share, but less than {_percent(share)}: try wider"
    else:
        takes = f"that takes {decision.runs_needed} without a failure" if tolerance > 0 else "no number of runs does"
        text += f", which is at least {_percent(share)}, but too few to show it with {_percent(confidence)} confidence"
        text += f": {takes}"
    try_narrower = not none and _try_narrower(widths, widths[place])
    text += TRY_NARROWER if try_narrower else ""
    return Recommendation(
        **_between(runs, given, widths, place, best, decision.not_excluded),
        value=float(shares[place]),
        best_value=float(shares[best]),
        tolerance=tolerance,
        confidence=confidence,
        quantity=quantity,
        try_wider=none,
        try_narrower=try_narrower,
        reason=text,
    )


def _try_narrower(widths: Sequence[int], width: int) -> bool:
    return width == widths[0] and len(widths) > 1 and width > 1


def _between(
    runs: Runs, given: int, widths: Sequence[int], place: int, best: int, not_excluded: Bool[np.ndarray, " widths"]
) -> dict[str, Any]:
    """The widths between which the answer hangs, and the runs that these lack.

    If every width is excluded, the answer is the one chosen or wider.
    """
    kept = tuple(width for width, keep in zip(widths, not_excluded, strict=True) if keep)
    return {
        "width": widths[place],
        "best_width": widths[best],
        "interval": (kept[0], kept[-1]) if kept else (widths[place], widths[-1]),
        "not_excluded": kept,
        "missing": missing({k: len(of) for k, of in runs.items()}, {*kept, widths[place], widths[best]}, given),
    }
