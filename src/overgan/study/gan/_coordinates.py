"""The coordinate check of a spec: whether a learning-rate rule is right for its networks, before anything is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
import scipy  # its parts load at their first use: stats alone takes half a second

from overgan.check import check
from overgan.data import load_images
from overgan.device import resolve_device
from overgan.errors import OverganError
from overgan.models import parameter_counts
from overgan.study._load_spec import SpecSource, load_spec
from overgan.study._surface import refuse_several
from overgan.study.analysis import cautious
from overgan.study.gan._spec import GanSpec
from overgan.study.gan._work import check_networks
from overgan.training import RULES, Change, Rule, Slope, changes, slopes
from overgan.words import brief, counted

BOUND = 0.1  # of a slope, up to which a change counts as the same at every width
SURE = 0.95  # that a rule that holds is not said not to


@dataclass(frozen=True, repr=False)
class Coordinates:
    """How far the first updates move each layer's outputs, by width and rule.

    spec: what was checked, with the rules and the base width of the check.
    changes: one for each rule, width, seed, layer and number of updates.
    """

    spec: GanSpec
    changes: tuple[Change, ...]

    def __repr__(self) -> str:
        return brief(self, name=self.spec.name, rules=self.spec.train.rules, widths=self.spec.widths)

    def frame(self) -> pd.DataFrame:
        """The changes as a table: rule, k, seed, network, layer, updates, rms."""
        return pd.DataFrame(self.changes)

    def slopes(self, rule: Rule) -> list[Slope]:
        """The slope in log k of each layer's change, after each number of updates, the mean over seeds."""
        return slopes(change for change in self.changes if change.rule == rule)

    def beyond(self, rule: Rule) -> list[Slope]:
        """The slopes that are not within ±BOUND of 0, or are no numbers."""
        return [slope for slope in self.slopes(rule) if not abs(slope.slope) <= BOUND]

    def holds(self, rule: Rule) -> bool | None:
        """Whether all slopes are within ±BOUND; None if those beyond are so by less than seeds explain.

        A rule of which every slope is within, over all seeds there could be, is rejected with a probability of 5 % at
        most: Student's test of each slope, at 5 % divided by their number (Bonferroni), with errors that lend each
        other strength (`overgan.study.analysis.cautious`). Of one seed nothing is left open.
        """
        found, seeds = self.slopes(rule), len({change.seed for change in self.changes})
        if not self.beyond(rule):
            return True
        beyond = np.array([np.inf if np.isnan(of.slope) else abs(of.slope) - BOUND for of in found])
        if seeds == 1:
            return False
        squares = np.nan_to_num([of.error**2 for of in found])
        variances, freedom = cautious(squares, np.full(len(found), seeds - 1.0))
        chance = scipy.stats.t.isf((1 - SURE) / len(found), freedom) * np.sqrt(variances)
        return False if (beyond > chance).any() else None

    def verdict(self, rule: Rule) -> str:
        """What the slopes say of a rule, in a sentence."""
        beyond, of = self.beyond(rule), counted(len(self.slopes(rule)), "slope")
        if not beyond:
            return f"{rule} holds: {of}, all within ±{BOUND}, so every layer learns as fast at every width."
        worst = max(beyond, key=lambda slope: abs(slope.slope) if slope.slope == slope.slope else float("inf"))
        where = f"the {worst.network}'s {worst.layer} after {counted(worst.updates, 'update')}"
        steepest = f"{len(beyond)} of {of} beyond ±{BOUND}, most of all {where}: {power(worst)}"
        if self.holds(rule) is None:
            return (
                f"{rule} is not decided: {steepest}, but within the errors over seeds; more seeds, or widths, decide."
            )
        narrow = " Narrow widths bend it: leave the narrowest out, or set a smaller train.base_width."
        return f"{rule} does not hold: {steepest}.{narrow if rule == 'mup' else ''}"


def power(slope: Slope) -> str:
    """A slope as text, with its standard error."""
    error = "" if slope.error != slope.error else f" ± {slope.error:.2f}"
    return "not finite" if slope.slope != slope.slope else f"{slope.slope:+.2f}{error}"


def coordinates(
    spec: SpecSource,
    overrides: Sequence[str] = (),
    *,
    rules: Sequence[str] | None = None,
    widths: Sequence[int] | None = None,
    device: str = "auto",
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Coordinates:
    """Train the networks of a spec for 20 updates at each width, and compare what every layer gives.

    spec, overrides: as in `overgan.run`; nothing is written.
    rules: by default those of the spec, or all, if that is constant alone.
    widths: at least two; by default the spec's.
    device: as in `overgan.run`.
    progress: told what is under way, how much of the work is done, and of how much.

    The rules agree at the spec's train.base_width, or, without one, at the narrowest width. Of several learning rates
    that the spec tries, the middle one is taken.

    Raises OverganError for a spec that cannot be had, is not of a GAN that is trained, or has one width alone, and for
    images or a rule that its networks do not take.
    """
    given = load_spec(spec, overrides)
    if not isinstance(given, GanSpec):
        raise OverganError(
            f"{given.name} is a study of the kind {given.kind}, which has no learning-rate rule; name one of kind gan"
        )
    refuse_several(given)
    checked = _checked(given, rules, given.widths if widths is None else widths)
    images = load_images(checked.data)
    for width in checked.widths:
        check_networks(width, parameter_counts(checked.model, width, images.shape), checked.runs_a_width)
    found = changes(
        checked.model,
        checked.train,
        checked.widths,
        images.train,
        checked.seeds,
        resolve_device(device)[0],
        progress,
        checked.data.dither,
    )
    return Coordinates(checked, tuple(found))


def _checked(given: GanSpec, rules: Sequence[str] | None, widths: Sequence[int]) -> GanSpec:
    """The spec with one learning rate, and with the rules and widths that are checked."""
    check(len(set(widths)) > 1, "widths", list(widths), "at least two, for a slope")
    train = given.train
    if rules is None:
        every = [rule for rule in RULES if rule != "mup" or not given.model.own]
        rules = every if train.rules == ["constant"] else train.rules
    for rule in rules:
        check(rule in RULES, "rules", rule, f"one of {', '.join(RULES)}")
    rates = train.rates
    changed = {
        "learning_rates": None,
        "learning_rate": rates[len(rates) // 2],
        "learning_rate_rules": list(rules),
        "base_width": train.base_width or min(widths),
    }
    values = given.model_dump(mode="json")
    return cast(GanSpec, load_spec(values | {"widths": list(widths), "train": values["train"] | changed}))
