"""Wide networks do not memorize (paper, Fig. 6)."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from overgan.metrics import CRITIC
from overgan.study.analysis import (
    COPIES,
    Claim,
    Copied,
    Draws,
    Estimate,
    Interval,
    Verdict,
    border,
    copied,
    interval,
    means_of,
)
from overgan.study.gan._results import GanResults
from overgan.study.gan.claims._basis import Runs, by_width, counts, judged_runs, more_runs, rests_on, seeds_would_tell
from overgan.words import course, number, percent, span


@dataclass(frozen=True)
class _Divergence:
    """NND at the widest width, less that of memorized training images."""

    means: dict[int, float]  # by width
    memorized: float
    of_seeds: Interval  # of NND alone
    less: Interval  # counting in what another training of the memorizer's critic would change


def memorization(study: GanResults, confidence: float) -> Claim:
    """Whether the widest network repeats training images, by the memorized share, and by NND beside a memorizer's.

    It is supported if the share of images that are nearer to training than to held-out images is surely below that of
    a model of whose images a tenth are copies, 0.55; or if NND is surely below that of memorized training images, as in
    the paper, and the share, where it is measured, is below 0.55 too. It is contradicted if the share is surely above
    one half, which it is if nothing is memorized, and above that of the narrowest width. NND above the memorizer's
    contradicts nothing: images that are not like real ones have that, too.
    """
    features = study.spec.evaluate.features[0]
    shares, judged = by_width(study.final(), "nearer_train"), judged_runs(study)
    widest = max(judged, default=0)
    found = _copied(study, shares, confidence) if widest in shares else None
    nnd = _divergence(study, confidence, widest)
    runs = shares or by_width(study.final(CRITIC), "nnd")
    claim = Claim(
        "memorization",
        "Wide networks do not memorize.",
        "cannot tell",
        "",
        rests_on=rests_on(study, counts(runs or judged), features if shares else ""),
        figures=(*(("nearer-train",) if shares else ()), *(("nnd",) if nnd else ())),
    )
    if found is None and nnd is None:
        return replace(claim, because=_unknown(shares), needed=_to_measure(study, judged))
    verdict: Verdict = found.verdict if found else "cannot tell"
    below = nnd is not None and nnd.less.high < 0 and (found is None or found.widest.value < border())
    if verdict == "cannot tell" and below:
        verdict = "supports"
    lacking = [name for name, of in (("memorization", found), ("nnd", nnd)) if of is None]
    return replace(
        claim,
        verdict=verdict,
        because=" ".join(
            [
                *([_of_share(found, shares, confidence)] if found else []),
                *([_of_nnd(nnd, confidence)] if nnd else []),
                *_of_c_t(study.final()),
            ]
        ),
        numbers=_numbers(found, nnd, shares, confidence),
        needed=_needed(study, found, shares, lacking) if verdict == "cannot tell" else "",
    )


def _unknown(shares: Runs) -> str:
    if not shares:
        return "Nothing is known of what is memorized: neither the memorized share nor NND has been measured."
    wide = max(shares)
    return (
        f"At k = {wide} {percent(float(shares[wide].mean()), 3)} of the generated images are nearer to the training "
        "images than to as many held-out ones; what that says of wide networks takes the widest one, another one, and "
        "two seeds of one of them."
    )


def _to_measure(study: GanResults, judged: Runs) -> str:
    return f"Measure them: {study.measuring('memorization', 'nnd')}." if _enough(judged) else more_runs(study)


def _copied(study: GanResults, shares: Runs, confidence: float) -> Copied | None:
    if not _enough(shares):
        return None
    return copied(shares, study.description.data.get("compared", study.spec.evaluate.samples), confidence)


def _enough(runs: Runs) -> bool:
    return len(runs) > 1 and max(map(len, runs.values())) > 1


def _divergence(study: GanResults, confidence: float, widest: int) -> _Divergence | None:
    """The line is of one training of a critic, whose error is not known: it is taken to be that of a single run."""
    critic = study.final(CRITIC)
    nnd, memorized = by_width(critic, "nnd"), by_width(critic, "nnd_memorized")
    both = {k: of for k, of in nnd.items() if k in memorized}
    if not _enough(both) or widest not in both:
        return None
    line = float(np.mean(np.concatenate(list(memorized.values()))))
    means = {k: float(values.mean()) for k, values in both.items()}
    scale = np.array(list(means.values()))  # runs differ in proportion to it
    of = means_of({k: values - line for k, values in both.items()}, scale if scale.min() > 0 else None)
    at = of.at(of.widths[-1])
    of_seeds = interval(of, at, confidence)
    another = Draws(dict.fromkeys(of.widths, math.sqrt(of_seeds.seeds * of.counts[-1])), float(of.freedom[-1]))
    return _Divergence(means, line, of_seeds, interval(of, at, confidence, another))


def _of_share(found: Copied, shares: Runs, confidence: float) -> str:
    widest, growth = found.widest, found.growth
    narrow, wide = min(shares), max(shares)
    low, high = (percent(max(0.0, min(1.0, x)), 3) for x in (widest.low, widest.high))
    text = (
        f"At k = {wide} {percent(widest.value, 3)} of the generated images are nearer to the training images than to "
        f"as many held-out ones ({100 * confidence:g}% interval, other real images counted in: {span(low, high)}), at "
        f"k = {narrow} {percent(widest.value - growth.value, 3)}. One half means that nothing is memorized, "
        f"{percent(border())} that {percent(COPIES)} of the images are copies"
    )
    if found.some:
        return f"{text}: some are, though fewer than {percent(COPIES)}." if found.none else f"{text}: some are."
    return f"{text}: fewer are." if found.none else f"{text}."


def _of_nnd(nnd: _Divergence, confidence: float) -> str:
    low, high = (number(nnd.memorized + x) for x in (nnd.of_seeds.low, nnd.of_seeds.high))
    beside = "below" if nnd.less.high < 0 else "above" if nnd.less.low > 0 else "not told apart from"
    return (
        f"NND {course(nnd.means)} ({100 * confidence:g}% interval of the last: {span(low, high)}), {beside} "
        f"the line of memorized training images, {number(nnd.memorized)}."
    )


def _of_c_t(final: pd.DataFrame) -> list[str]:
    c_t = by_width(final, "c_t")
    if not c_t:
        return []
    wide = max(c_t)
    return [f"C_T at k = {wide} is {number(float(c_t[wide].mean()), 2)}; far below 0 would mean copies."]


def _numbers(found: Copied | None, nnd: _Divergence | None, shares: Runs, confidence: float) -> tuple[Estimate, ...]:
    numbers = []
    if found:
        narrow, wide = min(shares), max(shares)
        ends = (found.widest.value, max(0.0, found.widest.low), min(1.0, found.widest.high))
        numbers.append(Estimate(f"share nearer to training images at k = {wide}", *ends, confidence))
        rise = (found.growth.value, found.growth.low, found.growth.high)
        numbers.append(Estimate(f"growth of that share from k = {narrow}", *rise, confidence))
    if nnd:
        value, low, high = (nnd.memorized + x for x in (nnd.of_seeds.value, nnd.of_seeds.low, nnd.of_seeds.high))
        numbers.append(Estimate(f"NND at k = {max(nnd.means)}", value, low, high, confidence))
        numbers.append(Estimate("NND of memorized training images", nnd.memorized, math.nan, math.nan))
    return tuple(numbers)


def _needed(study: GanResults, found: Copied | None, shares: Runs, lacking: list[str]) -> str:
    sentences = []
    if found and math.isfinite(found.seeds):
        sentences.append(seeds_would_tell(study, found.seeds, (min(shares), max(shares))))
    elif found:
        images = study.description.data.get("compared", study.spec.evaluate.samples)
        sentences.append(
            f"No number of seeds would tell, as the draw of the {images:,} real images on a side leaves it open: it "
            "takes more images."
        )
    if lacking:
        which = "NND" if lacking == ["nnd"] else "The memorized share"
        sentences.append(f"{which} would say more ({study.measuring(lacking[0])}).")
    return " ".join(sentences) or "More seeds would tell."
