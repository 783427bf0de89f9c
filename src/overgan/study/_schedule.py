"""When and where several pieces of work are done, if they are taken one after another by whoever is free."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """A piece of work: the place that does it, from 0, and from when to when, in seconds."""

    place: int
    start: float
    end: float


def turns(seconds: Sequence[float], places: int) -> list[Turn]:
    """The turn of each piece of work, if each begins, in this order, at the place that is free first.

    seconds: that each takes. places: how many pieces of work are done at once.
    """
    free = [(0.0, place) for place in range(min(places, len(seconds)))]  # a heap: from when, and which
    found = []
    for each in seconds:
        start, place = free[0]
        heapq.heapreplace(free, (start + each, place))
        found.append(Turn(place, start, start + each))
    return found


def makespan(seconds: Sequence[float], places: int) -> float:
    """Seconds until all is done, as `turns` goes about it."""
    return max((turn.end for turn in turns(seconds, places)), default=0.0)
