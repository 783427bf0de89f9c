"""Which width is shown to be the narrowest that is enough, whenever one looks.

It holds with the confidence asked for however the runs were chosen by what earlier ones said. docs/sure.md has the
derivation, and what was measured.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from overgan.study.analysis._pairs import LOOKS, AtLooks, Evidence, as_judged, critical, evidence

FIRST_LENGTH = 0.8  # of the error, for a study that was not made longer
BEGUN_WITH = 7 / 8  # of the error, for the widths that a study began with
FOR_ENOUGH = 2 / 3  # of the error, for what shows that a width is enough

Values = Mapping[int, Sequence[float] | Float[np.ndarray, " _"]]


@dataclass(frozen=True)
class Standing:
    """What the runs so far say, with a confidence that holds whenever one looks."""

    widths: tuple[int, ...]
    runs: dict[int, int]  # diverged ones count
    means: dict[int, float]  # as judged: diverged runs counted in; inf if all did
    intervals: dict[int, tuple[float, float]]  # of each width's mean, at all looks together; for the eye
    enough: dict[int, bool | None]  # shown to be within the tolerance of every other width; shown not to be; open
    named: int | None  # the narrowest width that is enough, if that is sure
    not_excluded: tuple[int, ...]  # the widths that may be it
    improving: bool  # the widest may be better than every narrower one by more than the tolerance


def standing(
    values: Values, tolerance: float, confidence: float, *, initial: int | None = None, longer: int = 0
) -> Standing:
    """What is shown.

    values: of each run by width, in an order of seeds that is common to all widths; inf is a run that diverged.
    initial: how many widths, the narrowest, the study began with; the others were added. All, by default.
    longer: how often all runs were made longer: each time all is judged anew, with a share of the error of its own.

    A width of which all runs diverged is never enough; that it is not is shown by six. Those without runs are left out.
    """
    race = judge(values, tolerance, confidence, initial, longer)
    kept = [k for k, of in zip(race.widths, race.kept, strict=True) if of]
    runs = dict(zip(race.widths, race.values, strict=True))
    half = (1 - confidence) / 2
    return Standing(
        widths=race.widths,
        runs={k: len(v) for k, v in runs.items()},
        means={k: float(as_judged(v).mean()) for k, v in runs.items()},
        intervals={k: _interval(v, half) for k, v in runs.items()},
        enough=dict(zip(race.widths, race.enough, strict=True)),
        named=kept[0] if len(kept) == 1 else None,
        not_excluded=tuple(kept),
        improving=not race.found.enough[:-1, -1].any() and race.enough[-1] is not False,
    )


@dataclass(frozen=True)
class Race:
    """What all pairs say, by the places of the widths."""

    widths: tuple[int, ...]
    values: list[Float[np.ndarray, " _"]]
    found: Evidence
    bounds: tuple[AtLooks, AtLooks]  # what Student's t has to exceed to show a width enough, and not enough
    lost: Bool[np.ndarray, " widths"]  # all runs diverged
    enough: tuple[bool | None, ...]
    kept: Bool[np.ndarray, " widths"]  # may be the narrowest that is enough


def judge(values: Values, tolerance: float, confidence: float, initial: int | None, longer: int) -> Race:
    """The arguments are those of `standing`."""
    widths = tuple(sorted(k for k, v in values.items() if len(v)))
    runs = [np.asarray(values[k], np.float64) for k in widths]
    bounds = _bounds(len(widths), 1 - confidence, len(widths) if initial is None else initial, longer)
    found = evidence(runs, tolerance, *bounds)
    lost = np.array([bool(np.isinf(v).all()) for v in runs])
    not_enough = found.too_much.any(1) | found.lost
    shown = (found.enough | np.eye(len(widths), dtype=np.bool_)).all(1) & ~not_enough & ~lost
    enough = tuple(False if no else True if yes else None for no, yes in zip(not_enough, shown, strict=True))
    narrower_is = np.concatenate([[False], np.logical_or.accumulate(shown)[:-1]])
    return Race(widths, runs, found, bounds, lost, enough, ~not_enough & ~narrower_is)


@functools.lru_cache(maxsize=64)
def _bounds(widths: int, error: float, initial: int, longer: int) -> tuple[AtLooks, AtLooks]:
    """What Student's t has to exceed to show each width i enough against each other l, and to show it not enough.

    Let i be the answer. Naming a narrower width takes that one of these is wrongly shown to be enough against the best;
    naming a wider one, that i is wrongly shown to be above some l. So the first are shared among the widths, and what
    those narrower than i leave is there for the second.
    """
    error *= FIRST_LENGTH if longer == 0 else (1 - FIRST_LENGTH) / (longer * (longer + 1))
    for_enough = FOR_ENOUGH * _shares(widths, initial - 1)  # nothing of the initial ones is wider than their widest
    left = 1 - np.cumsum(for_enough) + for_enough
    rivals = np.zeros((widths, widths))
    for i in range(widths):
        rivals[i, np.arange(widths) != i] = _shares(widths - 1, initial - (i < initial))
    levels = error * np.stack([np.tile(for_enough[:, None], widths), left[:, None] * rivals])
    enough, too_much = np.moveaxis(critical(levels), 3, 1)
    return enough, too_much


def _shares(count: int, equal: int) -> Float[np.ndarray, " count"]:
    """Of 1, for so many: the first equal ones share 7/8, each one more has half of what is left."""
    equal = min(max(equal, 0), count)
    later = (1 - BEGUN_WITH) / 2.0 ** (1 + np.arange(count - equal))
    return np.concatenate([np.full(equal, BEGUN_WITH / max(equal, 1)), later])


def _interval(values: Float[np.ndarray, " runs"], level: float) -> tuple[float, float]:
    """Of the mean: what the intervals of all looks have in common, whose errors on each side make `level` together."""
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
