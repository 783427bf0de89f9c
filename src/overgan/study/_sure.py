"""What a run is told of how sure its study should become, and the rounds that it begins with."""

import time
from dataclasses import dataclass
from typing import Any

from overgan.check import check
from overgan.duration import seconds_of
from overgan.errors import OverganError
from overgan.study._kind import Kind
from overgan.study._rounds import CONFIDENCE, Rounds, of_grid, until_sure
from overgan.study._spec import Spec


@dataclass(frozen=True)
class Sure:
    """Until when a study goes on."""

    confidence: float
    until: float | None  # seconds since 1970

    @property
    def words(self) -> str:
        """What a command says of it; when it was to end is of one run alone."""
        return " --until-sure" + (f" --confidence {self.confidence:g}" if self.confidence != CONFIDENCE else "")


def how_sure(kind: Kind[Any], spec: Spec, confidence: float | None, budget: str | None) -> Sure:
    """How long a study should go on. Raises OverganError if it cannot until it is sure, or an argument is wrong."""
    if kind.planner is None:
        raise OverganError(
            f"{{argument}} is for width studies of GANs, and this study is of the kind {spec.kind}; leave it out",
            "until_sure",
        )
    kind.planner.check(spec)
    confidence = CONFIDENCE if confidence is None else confidence
    check(0 < confidence <= 0.999, "confidence", confidence, "above 0, and at most 0.999")
    seconds = None if budget is None else seconds_of(budget)
    return Sure(confidence, None if seconds is None else time.time() + seconds)


def refuse_unless_sure(confidence: float | None, budget: str | None) -> None:
    """Raise OverganError if an argument is given that only a study has that goes on until it is sure."""
    for name, value in (("confidence", confidence), ("budget", budget)):
        if value is not None:
            raise OverganError(
                f"a {name} is for a study that goes on until it is sure; give {{argument}}, too", "until_sure"
            )


def with_rounds(
    kind: Kind[Any], spec: Spec, before: Rounds | None, sure: Sure | None, *, begun: bool
) -> tuple[Spec, Rounds | None]:
    """The spec with what a study has come to, and its rounds, with what this run adds to those before.

    begun: whether there is a study.
    """
    if kind.planner is None or (before is None and sure is None):
        return spec, None
    if before is not None:
        spec = kind.planner.at_round(spec, before.newest)
    iterations = kind.planner.iterations(spec)
    if sure is None:
        return spec, of_grid(spec, iterations, before)
    return spec, until_sure(spec, iterations, before, begun=begun, confidence=sure.confidence, until=sure.until)
