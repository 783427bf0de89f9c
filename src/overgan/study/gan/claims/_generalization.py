"""Test FID follows train FID (paper, Section 3: "their gap does not increase with increasing overparameterization")."""

import math
from dataclasses import replace

from overgan.metrics import METRICS, frechet_label
from overgan.study.analysis import Claim, Estimate, Verdict, growth_verdict
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import counts, judged_runs, more_runs, rests_on, seeds_would_tell
from overgan.study.gan.claims._gaps import MeasuredGap, gaps_or_lacks
from overgan.words import joined, percent, signed

STATEMENT = "Test FID follows train FID: their gap does not grow with the width."
BETTER = {"frechet_infinity": "FID∞", "kernel": "KID"}  # metrics than the Fréchet distance of so many images


def generalization(study: GanResults, confidence: float) -> Claim:
    """Whether test less train distance grows with the width, by FID∞ and KID where they are measured.

    It is supported if what it grows by from the narrowest width to the widest is at most the study's tolerance times
    the distance at the widest, with the whole of its interval, and contradicted if it is more. The first metric decides
    of which the error over draws of the real images is known, and none other may say the opposite.
    """
    features, tolerance = study.spec.evaluate.features[0], study.spec.tolerance
    tried = gaps_or_lacks(study, confidence)
    known = [gap for gap in tried if isinstance(gap, MeasuredGap)]
    claim = Claim(
        "generalization",
        STATEMENT,
        "cannot tell",
        "",
        rests_on=rests_on(study, known[0].runs if known else counts(judged_runs(study)), features),
        figures=("gap", f"frechet-{features}"),
    )
    if not known:
        both = f"test less train {frechet_label(features)} grows: no run is finished that has both distances"
        because = f"Nothing is known of how {tried[0] if tried else both}."
        return replace(claim, because=because, needed=more_runs(study), figures=claim.figures[1:])
    verdicts: dict[str, Verdict] = {
        gap.label: growth_verdict(gap.growth, tolerance) if gap.draws else "cannot tell" for gap in known
    }
    decides = next((gap for gap in known if gap.draws), known[0])
    verdict = verdicts[decides.label]
    if {"supports", "contradicts"} <= set(verdicts.values()):
        verdict = "cannot tell"
    others = [gap for gap in known if gap is not decides]
    return replace(
        claim,
        verdict=verdict,
        because=" ".join(
            [
                _saying(gap, verdicts[gap.label], tolerance, confidence, first=gap is decides)
                for gap in (decides, *others)
            ]
        ),
        numbers=tuple(number for gap in (decides, *others) for number in _numbers(gap, confidence)),
        needed=_needed(study, decides, verdicts) if verdict == "cannot tell" else "",
    )


def _numbers(gap: MeasuredGap, confidence: float) -> list[Estimate]:
    growth = gap.growth
    narrow, wide = min(growth.gaps), max(growth.gaps)
    ends = [100 * x for x in (growth.value, growth.low, growth.high)]
    at = [100 * x for x in growth.gaps[wide]]
    return [
        Estimate(
            f"growth of test − train {gap.label} from k = {narrow} to {wide}, in % of test at k = {wide}",
            *(ends[0], ends[1], ends[2]),
            confidence,
        ),
        Estimate(f"test − train {gap.label} at k = {wide}, in % of test", *(at[0], at[1], at[2]), confidence),
    ]


def _saying(gap: MeasuredGap, verdict: Verdict, tolerance: float, confidence: float, *, first: bool) -> str:
    growth = gap.growth
    narrow, wide = min(growth.gaps), max(growth.gaps)
    border = percent(tolerance)
    within = {
        "supports": f"so it does not grow by more than {border}",
        "contradicts": f"so it grows by more than {border}",
        "cannot tell": f"so it may grow by more than {border}, or not",
    }[verdict]
    if not gap.draws:
        within = "and that is of seeds alone, not of other real images"
    low, high = (signed(100 * x, 2) for x in (growth.low, growth.high))
    by = f"{signed(100 * growth.value, 2)}%"
    interval = f"({100 * confidence:g}% interval: {low}% to {high}%), {within}."
    if not first:
        return f"In {gap.label} it changes by {by} {interval}"
    at = f"the test distance at k = {wide}"
    return f"From k = {narrow} to k = {wide} test less train {gap.label} changes by {by} of {at} {interval}"


def _needed(study: GanResults, gap: MeasuredGap, verdicts: dict[str, Verdict]) -> str:
    if {"supports", "contradicts"} <= set(verdicts.values()):
        return f"{joined(list(verdicts))} disagree; more images on each side of a comparison would tell."
    if not gap.draws:
        return f"It takes the error over draws of the real images ({study.measuring('frechet_gap')})."
    growth, compared = gap.growth, study.description.data.get("compared")
    if math.isinf(growth.seeds):
        images = f"the {compared:,} real images on a side" if compared else "these real images"
        text = f"No number of seeds would tell, as the draw of {images} leaves it open: it takes more images."
    else:
        text = seeds_would_tell(study, growth.seeds, growth.gaps)
    if gap.metric == "frechet" and (more := _possible(study)):
        text += f" {joined(list(more.values()))} would say more ({study.measuring(*more)})."
    return text


def _possible(study: GanResults) -> dict[str, str]:
    """The better metrics that there are images enough for, and what they are called."""
    facts = study.description.features.get(study.spec.evaluate.features[0], {})
    images = study.description.data.get("compared", study.spec.evaluate.samples)
    return {name: label for name, label in BETTER.items() if images >= METRICS[name].needed(facts.get("dimension", 1))}
