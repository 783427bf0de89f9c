"""How far a study is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GroupStatus:
    """How far the group of one width is."""

    width: int
    unit: str  # what is counted: "iteration" or "run"
    done: int
    total: int
    seconds: float  # of work so far
    result: str  # the latest in words, empty before there is one
    diverged: int  # runs
    complete: bool
    quantity: str = ""  # what the value is, in words
    value: float | None = None  # that of the latest result, if it is a number

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
        """Measured so far; of an iteration, for all replicas together."""
        return self.seconds / self.done if self.done else None


def seconds_left(groups: list[GroupStatus], workers: int) -> float | None:
    """Time until all groups are done, None before anything is measured.

    A group that has not begun is taken to be as slow as the narrowest that has, so this errs on the high side.
    """
    known = {g.width: g.seconds_each for g in groups if g.seconds_each is not None}
    if not known:
        return None
    pace = {g.width: known.get(g.width, known[min(known)]) for g in groups}
    return sum(pace[g.width] * (g.total - g.done) for g in groups if not g.complete) / workers
