"""What a GAN's width study found, in words."""

from overgan.errors import OverganError
from overgan.metrics import CRITIC
from overgan.report._content import runs_sentences, unfinished
from overgan.report.pages._gan_figures import fid_label, memorized_nnd
from overgan.study.gan import GanStudy


def findings(study: GanStudy) -> list[str]:
    """Sentences for the top of the page, the recommendation first; each follows from numbers in the folder."""
    try:
        sentences = [f"Recommended: {study.recommend()}."]
    except OverganError:
        return ["No run has finished yet.", *unfinished(study)]
    features = study.spec.evaluate.features[0]
    test = study.final().groupby("k").fid_test.mean()
    label = f"test {fid_label(features)}"
    if len(test) > 1:
        narrowest, widest = test.index[0], test.index[-1]
        best = test.index[int(test.argmin())]
        sentences.append(
            f"Mean {label} goes from {test[narrowest]:.3g} at k = {narrowest} to {test[best]:.3g} at k = {best}"
            + (f" and {test[widest]:.3g} at k = {widest}." if best != widest else ".")
        )
        before = test.index[-2]
        change = test[widest] / test[before] - 1
        sentences.append(f"The last step, from k = {before} to k = {widest}, changes it by {change:+.0%}.")
    sentences += [sentence for features in study.spec.evaluate.features for sentence in _gap(study, features)]
    sentences += _memorization(study) + _nnd(study)
    losses = study.losses()
    ended = losses[losses.iteration == study.spec.train.iterations]
    moved = ended.groupby("k")[["moved_generator", "moved_critic"]].mean()
    if len(moved) > 1:
        first, last = moved.iloc[0], moved.iloc[-1]
        sentences.append(
            f"From k = {moved.index[0]} to k = {moved.index[-1]} the distance from initialization, relative to the "
            f"initial norm, goes from {first.moved_generator:.2g} to {last.moved_generator:.2g} for the generator and "
            f"from {first.moved_critic:.2g} to {last.moved_critic:.2g} for the critic; lazy training keeps it small."
        )
    return sentences + runs_sentences(study, "they are left out")


def _gap(study: GanStudy, features: str) -> list[str]:
    """Where test FID is above train FID, or below, by more than another draw of the real images would change it."""
    gaps, label = study.gaps(features), fid_label(features)
    if not gaps:
        return [
            f"Whether test {label} is above train is not known: that takes several draws of the real images "
            f"(overgan evaluate --study {study.folder} --metrics fid_gap)."
        ]
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
            where = "at every width" if len(chosen) == len(gaps) else f"at k = {', '.join(map(str, chosen))}"
            ratios = [gap.value / gap.error if gap.error else 0.0 for gap in chosen.values()]
            by = " to ".join(dict.fromkeys(f"{ratio:+.1f}" for ratio in (min(ratios), max(ratios))))
            sentences.append(f"Test {label} {saying.format(where=where, by=by)}.")
    return sentences


def _memorization(study: GanStudy) -> list[str]:
    final = study.final()
    if "nearer_train" not in final or not final.nearer_train.notna().any():
        return []
    share = final.groupby("k").nearer_train.mean()
    text = (
        f"{share.min():.0%} to {share.max():.0%} of the generated images are nearer to the training images than to as "
        "many held-out ones, over all widths; one half means that nothing is memorized"
    )
    if "c_t" in final and final.c_t.notna().any():
        c_t = final.groupby("k").c_t.mean()
        text += f". C_T goes from {c_t.iloc[0]:.2g} to {c_t.iloc[-1]:.2g}; far below 0 would mean copies"
    return [f"{text}."]


def _nnd(study: GanStudy) -> list[str]:
    critic = study.final(CRITIC)
    if critic.empty:
        return []
    nnd = critic.groupby("k").nnd.mean()
    others = [f"; that of {name} is {critic[column].mean():.3g}" for column, name in memorized_nnd(critic).items()]
    return [
        f"NND goes from {nnd.iloc[0]:.3g} at k = {nnd.index[0]} to {nnd.iloc[-1]:.3g} at k = {nnd.index[-1]}"
        f"{''.join(others)}."
    ]
