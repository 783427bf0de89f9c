"""What to train next where the answer hangs, and how much more would settle it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from overgan.study.analysis._pairs import LOOKS, LOST, next_look
from overgan.study.analysis._race import Race, Values, judge
from overgan.words import joined

FEWEST, MOST = int(LOOKS[0]), int(LOOKS[-1])  # runs, between which there are looks
CLEAR = 2.0  # standard errors by which a width seems not to be enough, so that the next one is trained along with it


@dataclass(frozen=True)
class Wanted:
    """What the next round should train."""

    seeds: dict[int, int]  # width -> runs it should have; only widths that get more
    why: str  # one sentence: what cannot be told apart yet


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

    Then a width is named, or none can be: all diverged, or there are as many runs as are ever looked at. If the named
    one is the widest, only wider ones could say more.

    values, initial, longer: as in `standing`. costs: of one run of each width, in any unit.

    The narrowest width that may be the answer matters. If it seems not to be enough, the one comparison is made that
    shows this at the least cost, and if it clearly seems so, that of the next one along with it; otherwise all
    that are open. The runs of a pair are doubled at most.
    """
    race = judge(values, tolerance, confidence, initial, longer)
    counts = [len(v) for v in race.values]
    if len(counts) > 1 and min(counts) < FEWEST:
        few = {k: FEWEST for k, n in zip(race.widths, counts, strict=True) if n < FEWEST}
        return Wanted(few, f"Fewer than {FEWEST} seeds of a width say nothing")
    seeds, moves = list(counts), []
    for move in _moves(race, costs):
        moves.append(move)
        for other, enough in move.runs.items():
            soon = next_look(min(counts[move.place], counts[other]))
            _raise(seeds, (move.place, other), min(enough, next_look(soon)))
        if not move.clear:
            break
    more = {k: n for k, n, before in zip(race.widths, seeds, counts, strict=True) if n > before}
    return Wanted(more, _why(race, moves, tolerance)) if more else None


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
    race = judge(values, tolerance, confidence, initial, longer)
    counts = [len(v) for v in race.values]
    wanted = [max(n, FEWEST) if len(counts) > 1 else n for n in counts]
    for move in _moves(race, costs):
        for other, enough in move.runs.items():
            _raise(wanted, (move.place, other), enough)
    return {k: more - n for k, more, n in zip(race.widths, wanted, counts, strict=True) if more > n}


@dataclass(frozen=True)
class _Move:
    """A width that may be the answer, and the runs of it and of others that would show that it is, or is not."""

    place: int
    runs: dict[int, int]  # place of the other one -> of both
    seems_enough: bool
    clear: bool  # that it is not enough


def _moves(race: Race, costs: Mapping[int, float]) -> Iterator[_Move]:
    """Of the widths that may be the answer, the narrowest first, up to one that seems enough; the widest has none."""
    kept = [int(i) for i in np.flatnonzero(race.kept)]
    counts = np.array([len(v) for v in race.values])
    for i in kept if len(kept) > 1 else []:
        if i == len(counts) - 1:
            return
        if race.lost[i]:
            yield _Move(i, {i: LOST}, False, False)
            continue
        open_ = [other for other in range(len(counts)) if other != i and not race.found.enough[i, other]]
        effects = race.found.effect[i]
        above = [other for other in open_ if effects[other] > 0]
        if not above:
            yield _Move(i, {other: _runs_to_show(race, i, other, True) for other in open_}, True, False)
            return
        runs = {other: _runs_to_show(race, i, other, False) for other in above}
        paid = {
            other: sum(max(n - counts[of], 0) * costs[race.widths[of]] for of in (i, other))
            for other, n in runs.items()
        }
        cheapest = min(above, key=lambda other: paid[other])
        clear = bool(effects[cheapest] * np.sqrt(race.found.runs[i, cheapest]) > CLEAR)
        yield _Move(i, {cheapest: runs[cheapest]}, False, clear)


def _runs_to_show(race: Race, i: int, other: int, enough: bool) -> int:
    """The runs of a pair that would show what it seems to be, if its effect stayed the same; more than there are."""
    effect = float(race.found.effect[i, other]) * (-1 if enough else 1)
    bounds = race.bounds[0 if enough else 1][:, i, other]
    settles = (race.found.runs[i, other] < LOOKS) & (effect * np.sqrt(LOOKS) > bounds)
    return int(LOOKS[settles.argmax()]) if settles.any() else MOST


def _raise(runs: list[int], places: tuple[int, int], least: int) -> None:
    for place in places:
        runs[place] = max(runs[place], least)


def _why(race: Race, moves: list[_Move], tolerance: float) -> str:
    first, apart = moves[0], f"{100 * tolerance:g}%"
    width = f"k = {race.widths[first.place]}"
    if race.lost[first.place]:
        return f"All runs of {width} diverged, but these are too few to say that most would"
    others = joined([f"k = {race.widths[other]}" for other in first.runs])
    if first.seems_enough:
        return f"{width} seems to be within {apart} of {others}, but that is not sure yet"
    worse = [f"k = {race.widths[move.place]}" for move in moves if not move.seems_enough]
    if len(worse) > 1:
        return f"{joined(worse)} seem to be more than {apart} above wider ones, but that is not sure yet"
    return f"{width} seems to be more than {apart} above {others}, but that is not sure yet"
