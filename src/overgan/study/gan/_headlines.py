"""What is said first of a GAN's width study."""

from collections.abc import Mapping

import numpy as np

from overgan.study._quickstart import FEW
from overgan.study.analysis import Recommendation, as_judged, disagreement, odds
from overgan.study.gan._hours import hours
from overgan.study.gan._race import Results, values_in_order


def headlines(study: Results, found: Mapping[str, Recommendation]) -> list[str]:
    """The recommendation in words, how probable it is, and what it took or would take; then what else must be said.

    That is whose width k is, if the other network's is held, whether the feature spaces agree on it, and if it rests on
    few images, that.

    found: by feature space, the one that decides first.
    """
    first = next(iter(found.values()))
    took = hours(study.folder, study.description)
    rates, rules = study.spec.train.rates, study.spec.train.rules
    judged, by_rule = "Each width is judged", f"by the rule {rules[0]}"
    if len(rates) > 1:
        judged += " at the best of its learning rates, chosen on the training images' distance"
        by_rule = f"({by_rule})"
    means = {k: float(as_judged(np.array(of)).mean()) for k, of in values_in_order(study).items()}
    compared = study.description.data.get("compared", FEW)
    is_whole = study.spec.widths == study.description.spec.widths  # of some widths alone it did not take that
    is_told = is_whole and first.anytime and took.each and (first.more_seeds or not first.missing)
    held = study.spec.model.held
    few = f"Only {compared} images on each side of a comparison, so small differences are chance"
    return [
        str(first),
        *filter(None, [odds(first, took.unit, study.description.machine["processor"])]),
        *([took.beside_grid(first.more_seeds)] if is_told else []),
        *([f"k is the {held.varied}'s width; the {held.network}'s is {held.width} at every k"] if held else []),
        *([f"{judged} {by_rule}" if len(rules) > 1 else judged] if study.spec.train.several else []),
        *filter(None, [disagreement(found, means)]),
        *([few] if compared < FEW and not first.missing else []),
    ]
