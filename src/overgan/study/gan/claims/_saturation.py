"""FID saturates beyond a width (paper, Figs. 1, 3 and 4)."""

import math
from contextlib import suppress
from dataclasses import replace

import numpy as np

from overgan.errors import OverganError
from overgan.metrics import frechet_label
from overgan.study.analysis import (
    Change,
    Claim,
    Estimate,
    LeftOut,
    Recommendation,
    Verdict,
    doubling_verdict,
    last_doubling,
    leave_one_out,
    why_no_change,
)
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import (
    Runs,
    changed,
    counts,
    in_percent,
    judged_runs,
    more_runs,
    rests_on,
    seeds_would_tell,
)
from overgan.words import joined, percent

FEWEST_FOR_LAWS = 5  # widths: four that are left are fitted by three numbers


def saturation(study: GanResults, confidence: float) -> Claim:
    """Whether the last doubling of the width changes the mean test distance by less than the study's tolerance.

    It is supported if the whole interval of that change is within the tolerance, and contradicted if it is wholly
    beyond: it still falls, or rises again. Where it levels off is the recommendation's width, with its interval; it is
    left out where only a wider network might show it.
    """
    features, tolerance = study.spec.evaluate.features[0], study.spec.tolerance
    label, runs = f"test {frechet_label(features)}", judged_runs(study)
    claim = Claim(
        "saturation",
        "FID saturates beyond a width.",
        "cannot tell",
        "",
        rests_on=rests_on(study, counts(runs), features),
        figures=(f"frechet-{features}",),
    )
    if lacking := why_no_change(runs):
        because = f"Nothing is known of whether the {label} levels off: {lacking}."
        return replace(claim, because=because, needed=more_runs(study))
    found = last_doubling(runs, tolerance, confidence)
    verdict = doubling_verdict(found, tolerance)
    level: Recommendation | None = None
    with suppress(OverganError):  # of values that nothing can be recommended by
        level = study.recommend(confidence=confidence)
    laws = _laws(runs)
    return replace(
        claim,
        verdict=verdict,
        because=" ".join(
            [
                _of_doubling(found, verdict, label, tolerance, confidence),
                *_of_wider(study, found.wide),
                *_of_level(level),
                *_of_laws(laws),
            ]
        ),
        numbers=(
            in_percent(f"change of mean {label} in the last doubling, to k = {found.wide}", found, confidence),
            *_levels_off(level),
            *(
                Estimate(f"leave-one-width-out error of {_named(law)}, in %", 100 * law.error, *NO_INTERVAL)
                for law in laws
            ),
        ),
        needed=_needed(study, found) if verdict == "cannot tell" else "",
    )


NO_INTERVAL = (math.nan, math.nan)


def _of_doubling(found: Change, verdict: Verdict, label: str, tolerance: float, confidence: float) -> str:
    each = "" if found.wide == 2 * found.narrow else ", for each doubling,"
    text = (
        f"From k = {found.narrow} to k = {found.wide} mean {label} becomes{each} {changed(found.value)} "
        f"({100 * confidence:g}% interval: {changed(found.low, found.high)})"
    )
    within = percent(tolerance)
    if verdict == "supports":
        return f"{text}, which is within {within}: it has levelled off."
    if verdict == "contradicts":
        return f"{text}, beyond {within}: it {'still falls' if found.value < 0 else 'rises again'}."
    return f"{text}, which may be within {within} or beyond."


def _of_wider(study: GanResults, judged: int) -> list[str]:
    """What became of widths beyond the widest that is judged."""
    wider = [group for group in study.status() if group.width > judged]
    lost, waiting = ([group.width for group in wider if group.complete is ended] for ended in (True, False))
    said = [f"All runs at k = {joined(lost)} diverged."] if lost else []
    return [*said, *([f"The runs at k = {joined(waiting)} are not finished."] if waiting else [])]


def _of_level(level: Recommendation | None) -> list[str]:
    if level is None:
        return []
    if level.try_wider:
        return [f"No narrower width is within {percent(level.tolerance)} of the widest ({level.sure})."]
    return [f"The narrowest width within {percent(level.tolerance)} of the best is k = {level.width} ({level.sure})."]


def _levels_off(level: Recommendation | None) -> list[Estimate]:
    if level is None or level.try_wider or not level.not_excluded:
        return []
    return [Estimate("width where it levels off", level.width, *level.interval, level.confidence)]


def _laws(runs: Runs) -> list[LeftOut]:
    if len(runs) < FEWEST_FOR_LAWS:
        return []
    return leave_one_out(np.array([*runs], float), np.array([of.mean() for of in runs.values()]))


def _of_laws(laws: list[LeftOut]) -> list[str]:
    if not laws:
        return []
    levels = {"a + b k^−c": ", which levels off"}
    best, *others = [
        f"{_named(law)}{levels.get(law.law, '')} (error {percent(law.error, 2)})"
        for law in sorted(laws, key=lambda law: law.error)
    ]
    return [f"A width that is left out is foretold best by {best}, then by {joined(others)}."]


def _named(law: LeftOut) -> str:
    return "a constant" if law.law == "a" else law.law


def _needed(study: GanResults, found: Change) -> str:
    seeds = seeds_would_tell(study, found.seeds, (found.narrow, found.wide))
    if found.wide < max(study.spec.widths):
        return seeds
    return f"{seeds} A wider network, k = {2 * found.wide}, would show how it goes on."
