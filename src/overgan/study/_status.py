"""How far a study is, and how long it will take."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overgan.study._schedule import makespan


@dataclass(frozen=True)
class GroupStatus:
    """How far the group of one width is."""

    width: int
    unit: str  # what is counted: "iteration" or "run"
    done: int
    total: int
    seconds: float  # of work so far; where runs are added to others, on these alone
    result: str  # the latest in words, empty before there is one
    diverged: int  # runs
    complete: bool
    quantity: str = ""  # what the value is, in words
    value: float | None = None  # that of the latest result, if it is a number
    learning_rate: float | None = None  # of the runs with that result: the best of several
    runs: int = 0  # that it has when it is complete, at each learning rate and by each rule; 0: those of the spec
    finished: int = 0  # of these, what came to its end without diverging
    before: float = 0.0  # seconds of work on runs that are done, where others are added to them
    expected: float | None = None  # seconds of an iteration of these, before any is measured

    @property
    def state(self) -> str:
        """Finished, begun or waiting."""
        return "finished" if self.complete else "begun" if self.done else "waiting"

    @property
    def per_second(self) -> float | None:
        """The speed so far: of iterations, those of all replicas together count as one."""
        return self.done / self.seconds if self.done and self.seconds else None

    @property
    def seconds_each(self) -> float | None:
        """Measured so far, or expected; of an iteration, for all replicas together."""
        return self.seconds / self.done if self.done else self.expected


def seconds_left(groups: list[GroupStatus], workers: int) -> float | None:
    """Time until all groups are done, the widest first, evaluations not counted; None before anything is measured.

    The pace of a group that has not begun is taken from the nearest width, by the power of k that the others show.
    """
    if not any(group.seconds_each for group in groups):
        return None
    return makespan([left for _, left in sorted(_work_left(groups).items(), reverse=True)], workers)


def share_done(groups: list[GroupStatus]) -> float:
    """The part of the work that is done, from 0 to 1, by time, or by iterations where no time was measured."""
    timed = any(group.seconds_each for group in groups)
    done = sum(group.before + group.seconds if timed else group.done for group in groups)
    left = sum(_work_left(groups).values())
    return done / (done + left) if left else 1.0


def _work_left(groups: list[GroupStatus]) -> dict[int, float]:
    """Seconds, or iterations where no time was measured, that the group of each width still takes."""
    pace = _paces(groups)
    return {group.width: 0.0 if group.complete else pace[group.width] * (group.total - group.done) for group in groups}


def _paces(groups: list[GroupStatus]) -> dict[int, float]:
    """Seconds of an iteration at each width, measured or guessed; 1 everywhere if none was measured."""
    known = {group.width: group.seconds_each for group in groups if group.seconds_each}
    widths = [group.width for group in groups]
    return at_every_width(known, widths) if known else dict.fromkeys(widths, 1.0)


def at_every_width(known: Mapping[int, float], widths: Iterable[int]) -> dict[int, float]:
    """Times of some widths, at least one, as known, and those of others: by the power of k that the known ones show."""
    low, high = min(known), max(known)
    power = math.log(known[high] / known[low]) / math.log(high / low) if low < high else 1.0
    power = min(max(power, 0.0), 2.0)  # between overhead alone and products of k × k numbers alone

    def guessed(width: int) -> float:
        nearest = min(known, key=lambda other: abs(math.log(other / width)))
        return known[nearest] * math.pow(width / nearest, power)

    return {width: known.get(width) or guessed(width) for width in widths}
