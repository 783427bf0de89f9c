"""What a GAN's width study found, in words."""

import math

from overgan.errors import OverganError
from overgan.metrics import frechet_label
from overgan.report._content import runs_sentences, unfinished
from overgan.report.pages._gan_rates import rate_findings
from overgan.study.analysis import Gap, next_width, outlooks
from overgan.study.gan import GanStudy
from overgan.words import course, joined, number, signed, span


def findings(study: GanStudy) -> list[str]:
    """Sentences for the top of the page, the recommendation first; each follows from numbers in the folder."""
    try:
        sentences = [f"{headline}." for headline in study.headlines()]
    except OverganError as error:
        if study.final().empty and (waiting := unfinished(study)):
            return ["No run has finished yet.", *waiting]
        return [f"No width can be recommended: {error}.", *runs_sentences(study, "they are left out")]
    sentences += rate_findings(study)
    train = study.spec.train
    if train.schedule == "linear":
        sentences.append(
            f"The learning rate falls to 0 over the {train.iterations:,} iterations, which brings every run to rest: "
            "whether another width would be enough in longer ones does not show in these, nor do their curves go on."
        )
    features = study.spec.evaluate.features[0]
    test = study.final().groupby("k").frechet_test.mean()
    label = f"test {frechet_label(features)}"
    if len(test) > 1:
        sentences.append(f"Mean {label} {course(test.to_dict(), shown=[test.idxmin()])}.")
    sentences += _ahead(study, label)
    sentences += [sentence for features in study.spec.evaluate.features for sentence in _gap(study, features)]
    return sentences + runs_sentences(study, "they count in the recommendation and the claims, and are in no mean")


def _ahead(study: GanStudy, label: str) -> list[str]:
    """What twice the iterations and the next width would bring."""
    final, train = study.final(), study.spec.train
    by_width = {k: final.frechet_test[final.k == k].to_numpy(float) for k in sorted(set(final.k.astype(int)))}
    best = min(by_width, key=lambda k: float(by_width[k].mean()))
    said = []
    if train.schedule == "constant" and (found := outlooks(study.curves()).get(best)):
        there = span(number(found.low[-1]), number(found.high[-1]))
        said.append(
            f"With twice the iterations, {2 * train.iterations:,}, the mean {label} at k = {best} would go from "
            f"{number(found.now)} to {number(found.value[-1])} (95% interval: {there}), if its curve goes on by a law"
        )
    if max(by_width) == max(study.spec.widths) and (after := next_width(by_width)):
        there = span(number(after.low), number(after.high))
        said.append(
            f"By the law over widths k = {after.width} would have {number(after.value)} (95% interval: {there})"
        )
    foretold = "No width is recommended by what is foretold: it takes runs"
    return [f"{sentence}." for sentence in (*said, *([foretold] if said else []))]


def _gap(study: GanStudy, features: str) -> list[str]:
    """Where the test distance is above or below train by more than another draw of the real images would change it."""
    gaps, label = study.gaps(features), frechet_label(features)
    sayings = {
        "above": "is above train {where}, by {by} standard errors: the generated images are nearer to the training "
        "images, by memorization or because the held-out ones are of another kind",
        "below": "is below train {where}, by {by} standard errors: not memorization, but held-out images of "
        "another kind",
        "unclear": "differs from train by {by} standard errors {where}: another draw of the real images could turn "
        "that around, so neither is above the other",
    }
    sentences = []
    for verdict, saying in sayings.items():
        chosen = {k: gap for k, gap in gaps.items() if gap.verdict == verdict}
        if chosen:
            everywhere = len(chosen) == len(gaps) > 1
            where = "at every width" if everywhere else f"at k = {joined(list(chosen))}"
            ratios = [_ratio(gap) for gap in chosen.values()]
            by = span(signed(min(ratios), 2), signed(max(ratios), 2))
            sentences.append(f"Test {label} {saying.format(where=where, by=by)}.")
    return sentences


def _ratio(gap: Gap) -> float:
    """How many standard errors a difference has; without an error, none or infinitely many."""
    return gap.value / gap.error if gap.error else math.copysign(math.inf, gap.value) if gap.value else 0.0
