"""Wider networks train to a lower FID (paper, Figs. 1, 3 and 4)."""

from dataclasses import replace

from overgan.metrics import frechet_label
from overgan.study.analysis import Change, Claim, Verdict, best_change, best_verdict, why_no_change
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import (
    changed,
    counts,
    in_percent,
    judged_runs,
    more_runs,
    rests_on,
    seeds_would_tell,
)
from overgan.words import percent


def quality(study: GanResults, confidence: float) -> Claim:
    """Whether the best of the wider widths is better than the narrowest, in the space that decides.

    It is supported if the whole interval of the change is below 0, and contradicted if the narrowest is shown to be
    within the study's tolerance of every wider width, or better.
    """
    features, tolerance = study.spec.evaluate.features[0], study.spec.tolerance
    label, runs = f"test {frechet_label(features)}", judged_runs(study)
    claim = Claim(
        "quality",
        "Wider networks train to a lower FID.",
        "cannot tell",
        "",
        rests_on=rests_on(study, counts(runs), features),
        figures=(f"frechet-{features}",),
    )
    if lacking := why_no_change(runs):
        because = f"Nothing is known of how the {label} changes with the width: {lacking}."
        return replace(claim, because=because, needed=more_runs(study))
    found = best_change(runs, tolerance, confidence)
    verdict = best_verdict(found, tolerance)
    what = f"change of mean {label} from k = {found.narrow} to k = {found.wide}, the best wider one"
    return replace(
        claim,
        verdict=verdict,
        because=_because(found, verdict, label, tolerance, confidence),
        numbers=(in_percent(what, found, confidence),),
        needed=seeds_would_tell(study, found.seeds, (found.narrow, found.wide)) if verdict == "cannot tell" else "",
    )


def _because(found: Change, verdict: Verdict, label: str, tolerance: float, confidence: float) -> str:
    best = "the best of the wider ones" if found.value > 0 else "the best width"
    text = (
        f"Mean {label} is {changed(found.value)} at k = {found.wide}, {best} by these runs, than at k = {found.narrow} "
        f"({100 * confidence:g}% interval: {changed(found.low, found.high)}, whichever is the best)"
    )
    if verdict == "contradicts":
        text += f": no wider network is better than k = {found.narrow} by more than {percent(tolerance)}"
    return f"{text}."
