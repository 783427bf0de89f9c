"""Do wide generators stay near their linearization? (a question of the paper)."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from overgan.study.analysis import Claim, Estimate, Exponent, Verdict, exponent, student_half
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import counts, rests_on
from overgan.study.gan.claims._laziness import BETWEEN, half_error
from overgan.study.gan.claims._networks import measured, unmeasured
from overgan.words import course, number

STATEMENT = (
    "Wide generators stay near their linearization: the wider they are, the less their tangent kernel changes, as in "
    "lazy training."
)
OWN_SIZE = 1.0  # a kernel that has changed by it is another one
WHAT = "‖K − K₀‖/‖K₀‖ of the generator's tangent kernel"


def tangent(study: GanResults, confidence: float) -> Claim:
    """Whether the generator's tangent kernel changes less with k, as in lazy training, and little at the widest width.

    With the scaling of the tangent kernel its relative change falls as k^−½ or faster. As for the weights, the claim is
    supported if the exponent's whole interval is nearer to −½ than to 0, or below −½, and the mean change at the widest
    width is surely below the kernel's own size. It is contradicted if the exponent is all nearer to 0, or above, or
    that change surely above the kernel's size, each at half of the error, as either one may mislead.
    """
    runs = measured(study, "tangent_kernel_change")
    claim = Claim("tangent", STATEMENT, "cannot tell", "", rests_on=rests_on(study, counts(runs)))
    fitted = exponent(runs, confidence)
    if fitted is None:
        because, needed = unmeasured(study, runs, "tangent_kernel", "tangent kernel")
        return replace(claim, because=because, needed=needed)
    widest = _mean(max(runs), runs[max(runs)], confidence)
    surer = half_error(confidence)
    slow = (law := exponent(runs, surer)) is not None and law.low > BETWEEN
    far = _mean(max(runs), runs[max(runs)], surer).low > OWN_SIZE
    verdict = _verdict(fitted, widest, slow=slow, far=far)
    how = course({k: float(np.mean(of)) for k, of in runs.items()}, digits=2)
    return replace(
        claim,
        verdict=verdict,
        because=f"The change of the generator's tangent kernel, relative to its initial norm, {how}, as "
        f"k^{number(round(fitted.exponent, 2))}. {_answer(verdict, max(runs), far=far)}",
        numbers=(fitted.estimate(WHAT), widest),
        needed="More widths, and wider ones; more seeds of the widest." if verdict == "cannot tell" else "",
        figures=("tangent-kernel",),
        p_value=fitted.p_value,
    )


def _mean(width: int, values: Float[np.ndarray, " runs"], confidence: float) -> Estimate:
    """The mean of a width's runs, with Student's interval."""
    mean, half = float(values.mean()), student_half(values, confidence)
    return Estimate(f"{WHAT} at k = {width}", mean, mean - half, mean + half, confidence)


def _verdict(fitted: Exponent, widest: Estimate, *, slow: bool, far: bool) -> Verdict:
    if slow or far:
        return "contradicts"
    return "supports" if fitted.high < BETWEEN and widest.high < OWN_SIZE else "cannot tell"


def _answer(verdict: Verdict, widest: int, *, far: bool) -> str:
    if verdict == "supports":
        return (
            f"In lazy training it falls about as k^-0.5, or faster, as here, and at k = {widest} it has changed by "
            "less than its own size."
        )
    if far:
        return (
            f"Even at k = {widest} it has changed by more than its own size: no generator here is near its "
            "linearization."
        )
    if verdict == "contradicts":
        return "In lazy training it would fall about as k^-0.5, or faster."
    return "Lazy training, in which it falls about as k^-0.5, or faster, is neither shown nor excluded."
