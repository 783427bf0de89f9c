"""Which width is shown to be the narrowest that is enough, and what to train next to show it.

It holds with the confidence asked for whenever one looks, however the runs were chosen by what earlier ones said.
docs/sure.md has the derivation, and what was measured.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from overgan.study.analysis._pairs import LOOKS, LOST, AtLooks, Evidence, as_judged, critical, evidence, next_look
from overgan.words import joined

FIRST_LENGTH = 0.8  # of the error, for a study that was not made longer
BEGUN_WITH = 7 / 8  # of the error, for the widths that a study began with
FOR_ENOUGH = 0.5  # of the error, for what shows that a width is enough
FEWEST, MOST = int(LOOKS[0]), int(LOOKS[-1])  # runs, between which there are looks

Values = Mapping[int, Sequence[float]]


@dataclass(frozen=True)
class Standing:
    """What the runs so far say, with a confidence that holds whenever one looks."""

    widths: tuple[int, ...]
    runs: dict[int, int]  # diverged ones count
    means: dict[int, float]  # as judged: diverged runs counted in; inf if all did
    intervals: dict[int, tuple[float, float]]  # of each width's mean, time-uniform; for the eye
    enough: dict[int, bool | None]  # shown to be within the tolerance of every other width; shown not to be; open
    named: int | None  # the narrowest width that is enough, if that is sure
    not_excluded: tuple[int, ...]  # the widths that may be it
    improving: bool  # the widest may be better than every narrower one by more than the tolerance


@dataclass(frozen=True)
class Wanted:
    """What the next round should train."""

    seeds: dict[int, int]  # width -> runs it should have; only widths that get more
    why: str  # one sentence: what cannot be told apart yet


def standing(
    values: Values, tolerance: float, confidence: float, *, initial: int | None = None, longer: int = 0
) -> Standing:
    """What is shown.

    values: of each run by width, in an order of seeds that is common to all widths; inf is a run that diverged.
    initial: how many widths, the narrowest, the study began with; the others were added. All, by default.
    longer: how often all runs were made longer: each time all is judged anew, with a share of the error of its own.
    """
    race = _race(values, tolerance, confidence, initial, longer)
    kept = np.flatnonzero(race.kept)
    widest = len(race.widths) - 1
    half = (1 - confidence) / 2
    return Standing(
        widths=race.widths,
        runs={k: len(v) for k, v in zip(race.widths, race.values, strict=True)},
        means={k: float(as_judged(v).mean()) for k, v in zip(race.widths, race.values, strict=True)},
        intervals={k: _interval(v, half) for k, v in zip(race.widths, race.values, strict=True)},
        enough=dict(zip(race.widths, race.enough, strict=True)),
        named=race.widths[kept[0]] if len(kept) == 1 else None,
        not_excluded=tuple(race.widths[i] for i in kept),
        improving=not race.found.enough[:widest, widest].any() and race.enough[widest] is not False,
    )


def next_seeds(
    values: Values,
    tolerance: float,
    confidence: float,
    costs: Mapping[int, float],
    *,
    initial: int | None = None,
    longer: int = 0,
) -> Wanted | None:
    """What to train where the answer hangs; None if no more seeds would settle anything that is open.

    Then a width is named, or none can be: all diverged. If it is the widest, only wider ones could say more.
    values, initial, longer: as in `standing`. costs: of one run of each width, in any unit.

    Only the narrowest width that may be the answer matters. If it seems not to be enough, the one comparison is made
    that shows this at the least cost; otherwise all that are open.
    """
    race = _race(values, tolerance, confidence, initial, longer)
    few = {k: FEWEST for k, v in zip(race.widths, race.values, strict=True) if len(v) < FEWEST}
    if few and len(race.widths) > 1:
        return Wanted(few, f"nothing can be said with fewer than {FEWEST} seeds of each width")
    kept = np.flatnonzero(race.kept)
    if not len(kept) or kept[0] == len(race.widths) - 1 or len(kept) == 1:
        return None
    i = int(kept[0])
    if race.lost[i]:
        more = {race.widths[i]: next_look(len(race.values[i]))}
        return Wanted(more, f"all runs of k = {race.widths[i]} diverged, but these are too few to say that most would")
    against, seems_enough = race.against(i, np.array([costs[k] for k in race.widths]))
    counts = [len(v) for v in race.values]
    seeds = {i: counts[i]}
    for other in against:
        target = next_look(min(counts[i], counts[other]))
        seeds[i], seeds[other] = max(seeds[i], target), max(counts[other], target)
    more = {race.widths[place]: n for place, n in sorted(seeds.items()) if n > counts[place]}
    if not more:  # after the last look
        return None
    others = joined([f"k = {race.widths[other]}" for other in against])
    apart = f"{100 * tolerance:g}%"
    if seems_enough:
        return Wanted(more, f"k = {race.widths[i]} seems to be within {apart} of {others}, but that is not sure yet")
    return Wanted(more, f"k = {race.widths[i]} seems to be more than {apart} above {others}, but that is not sure yet")


def needed(
    values: Values,
    tolerance: float,
    confidence: float,
    costs: Mapping[int, float],
    *,
    initial: int | None = None,
    longer: int = 0,
) -> dict[int, int]:
    """How many more runs of which widths would settle it, if means and deviations were what they seem to be.

    Empty if nothing is open. At most as many as make 3,072 of a width, which stands for these or more.
    The arguments are those of `next_seeds`.
    """
    race = _race(values, tolerance, confidence, initial, longer)
    counts = [len(v) for v in race.values]
    wanted = [max(n, FEWEST) if len(counts) > 1 else n for n in counts]
    paid = np.array([costs[k] for k in race.widths])
    for i in np.flatnonzero(race.kept):
        if i == len(counts) - 1 or race.kept.sum() == 1:
            break
        if race.lost[i]:
            wanted[i] = max(wanted[i], LOST)
            continue
        against, seems_enough = race.against(int(i), paid)
        for other in against:
            runs = race.runs_to_show(int(i), other, seems_enough)
            wanted[i], wanted[other] = max(wanted[i], runs), max(wanted[other], runs)
        if seems_enough:
            break
    return {k: more - n for k, more, n in zip(race.widths, wanted, counts, strict=True) if more > n}


@dataclass(frozen=True)
class _Race:
    widths: tuple[int, ...]
    values: list[Float[np.ndarray, " _"]]
    found: Evidence
    bounds: tuple[AtLooks, AtLooks]  # what Student's t has to exceed to show a width enough, and not enough
    lost: Bool[np.ndarray, " widths"]  # all runs diverged
    enough: tuple[bool | None, ...]
    kept: Bool[np.ndarray, " widths"]

    def against(self, i: int, costs: Float[np.ndarray, " widths"]) -> tuple[list[int], bool]:
        """The widths to compare one that is open with, and whether it seems enough."""
        others = [other for other in range(len(self.widths)) if other != i]
        open_ = [other for other in others if not self.found.enough[i, other]]
        worse = [other for other in open_ if self.found.effect[i, other] > 0]
        if not worse:
            return open_, True
        counts = np.array([len(v) for v in self.values])

        def cost(other: int) -> float:
            runs = self.runs_to_show(i, other, False)
            return float(sum(max(runs - counts[of], 0) * costs[of] for of in (i, other)))

        return [min(worse, key=cost)], False

    def runs_to_show(self, i: int, other: int, enough: bool) -> int:
        """The runs of a pair that would show what it seems to be; more than there are."""
        effect = float(self.found.effect[i, other]) * (-1 if enough else 1)
        bounds = self.bounds[0 if enough else 1][:, i, other]
        settles = (self.found.runs[i, other] < LOOKS) & (effect * np.sqrt(LOOKS) > bounds)
        return int(LOOKS[settles.argmax()]) if settles.any() else MOST


def _race(values: Values, tolerance: float, confidence: float, initial: int | None, longer: int) -> _Race:
    widths = tuple(sorted(k for k, v in values.items() if len(v)))
    runs = [np.asarray(values[k], np.float64) for k in widths]
    bounds = _bounds(len(widths), 1 - confidence, len(widths) if initial is None else initial, longer)
    found = evidence(runs, tolerance, *bounds)
    lost = np.array([bool(np.isinf(v).all()) for v in runs])
    not_enough = found.too_much.any(1) | (lost & np.array([len(v) >= LOST for v in runs]))
    shown = (found.enough | np.eye(len(widths), dtype=np.bool_)).all(1) & ~not_enough & ~lost
    enough = tuple(False if no else True if yes else None for no, yes in zip(not_enough, shown, strict=True))
    narrower = np.concatenate([[False], np.logical_or.accumulate(shown)[:-1]])
    return _Race(widths, runs, found, bounds, lost, enough, ~not_enough & ~narrower)


@functools.lru_cache(maxsize=64)
def _bounds(widths: int, error: float, initial: int, longer: int) -> tuple[AtLooks, AtLooks]:
    """What Student's t has to exceed to show each width i enough against each other l, and to show it not enough.

    Let i be the answer. Naming a narrower width takes that one of these is wrongly shown to be enough against the best;
    naming a wider one, that i is wrongly shown to be above some l. So the first are shared among the widths, and what
    those narrower than i leave is there for the second.
    """
    error *= FIRST_LENGTH if longer == 0 else (1 - FIRST_LENGTH) / (longer * (longer + 1))
    for_enough = FOR_ENOUGH * _shares(widths, initial - 1)
    left = 1 - np.cumsum(for_enough) + for_enough
    rivals = np.zeros((widths, widths))
    for i in range(widths):
        others = np.arange(widths) != i
        rivals[i, others] = _shares(widths - 1, initial - (i < initial))
    levels = error * np.stack([np.tile(for_enough[:, None], widths), left[:, None] * rivals])
    enough, too_much = np.moveaxis(critical(levels), 3, 1)
    return enough, too_much


def _shares(count: int, equal: int) -> Float[np.ndarray, " count"]:
    """Of 1, for so many: the first equal ones share 7/8, each one more has half of what is left."""
    equal = min(max(equal, 0), count)
    later = (1 - BEGUN_WITH) / 2.0 ** (1 + np.arange(count - equal))
    return np.concatenate([np.full(equal, BEGUN_WITH / max(equal, 1)), later])


def _interval(values: Float[np.ndarray, " runs"], level: float) -> tuple[float, float]:
    """Of the mean, that all looks leave; Student's, with an error of `level` on each side at all looks together."""
    low, high = -np.inf, np.inf
    for n, bound in zip(LOOKS[len(values) >= LOOKS], _critical_of_one(level), strict=False):
        x = as_judged(values[:n])
        if np.isfinite(x).all():
            half = bound * x.std(ddof=1) / np.sqrt(n)
            low, high = max(low, x.mean() - half), min(high, x.mean() + half)
    return float(low), float(high)


@functools.lru_cache(maxsize=64)
def _critical_of_one(level: float) -> Float[np.ndarray, " looks"]:
    return critical(np.array(level))
