"""The rounds of a study that decides what to train next: what each width should have, and why, as the store keeps it.

rounds.json is written before any work on a round. A round is done when every width has its runs; the next one follows
from what these say alone, so that whoever looks at the same store comes to the same decision.
"""

import itertools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.disk import read_json, write_json
from overgan.errors import OverganError
from overgan.study._spec import Spec, Width
from overgan.words import counted

ROUNDS = "rounds.json"
CONFIDENCE = 0.95  # of what a study says, where none is asked for
FIRST = 3  # seeds of a width, before anything is known of it
STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
Counts = Annotated[dict[Width, Annotated[int, Field(ge=1)]], Field(min_length=1)]


class Round(BaseModel):
    """What every width should have by the end of a round."""

    model_config = STRICT

    move: Literal["begin", "grid", "seeds", "wider", "longer"]
    why: str  # one sentence
    seeds: Counts  # width -> how many of the study's seeds, in their order
    iterations: Annotated[int, Field(ge=1)]  # of every run
    threads: Annotated[int, Field(ge=1)] | None = None  # of a worker, where others have nothing to do in this round


class Rounds(BaseModel):
    """The content of rounds.json."""

    model_config = STRICT

    planner: Literal["sure", "grid"]  # what decides on the next round: the results, or nothing, as all is there
    confidence: Annotated[float, Field(gt=0, lt=1)]
    until: float | None = None  # seconds since 1970, after which no work begins, and what is under way is interrupted
    rounds: Annotated[list[Round], Field(min_length=1)]

    @property
    def newest(self) -> Round:
        """What there should be now."""
        return self.rounds[-1]

    @property
    def initial(self) -> int:
        """How many of the widths were given; the others, which are wider, the study added."""
        return len(self.newest.seeds) - sum(of.move == "wider" for of in self.rounds)

    @property
    def longer(self) -> int:
        """How often runs were made longer, be it by the study or by who started it: each time all is judged anew."""
        return sum(after.iterations > before.iterations for before, after in itertools.pairwise(self.rounds))

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.until is not None and time.time() >= self.until


def read_rounds(folder: Path) -> Rounds | None:
    """The rounds of the study in a folder; None if it never decided anything. Raises OverganError if damaged."""
    path = folder / ROUNDS
    if not path.exists():
        return None
    mend = (
        "restore it, or remove it: then the command, with the widths and train.iterations that study.json has, trains "
        "the whole grid first"
    )
    try:
        return Rounds.model_validate(read_json(path, mend))
    except ValidationError:
        raise OverganError(f"{path} is not a study's rounds; {mend}") from None


def write_rounds(folder: Path, rounds: Rounds) -> None:
    """Put them in place of those before."""
    write_json(folder / ROUNDS, rounds.model_dump(mode="json"))


def of_grid(spec: Spec, iterations: int, before: Rounds | None) -> Rounds | None:
    """The rounds of a study that is to have the whole grid of its spec; None if it never had others."""
    if before is None:
        return None
    wanted = {width: max(before.newest.seeds.get(width, 0), spec.seeds_at(width)) for width in spec.widths}
    why = "The whole grid is trained, as the study was started without until_sure."
    return _with(before, Round(move="grid", why=why, seeds=wanted, iterations=iterations), "grid", before.confidence)


def until_sure(
    spec: Spec, iterations: int, before: Rounds | None, *, begun: bool, confidence: float, until: float | None
) -> Rounds:
    """The rounds of a study that is to go on until it is sure.

    begun: whether there is a study, which without rounds has the whole grid. The other arguments are those of `Rounds`.
    """
    known = before.newest.seeds if before else {}
    goes_on = begun and not before
    first = {width: spec.seeds_at(width) if goes_on else min(FIRST, spec.seeds_at(width)) for width in spec.widths}
    wanted = {width: known.get(width, count) for width, count in first.items()}
    seeds = counted(max(first.values()), "seed")
    why = (
        f"The study goes on from its grid, {seeds} at every width." if goes_on else f"Every width begins with {seeds}."
    )
    begin = Round(move="begin", why=why, seeds=wanted, iterations=iterations)
    return _with(before, begin, "sure", confidence, until)


def _with(
    before: Rounds | None,
    round_: Round,
    planner: Literal["sure", "grid"],
    confidence: float,
    until: float | None = None,
) -> Rounds:
    """The rounds so far, and this one, if it asks for anything else."""
    rounds = before.rounds if before else []
    is_new = not rounds or (round_.seeds, round_.iterations) != (rounds[-1].seeds, rounds[-1].iterations)
    rounds = [*rounds, round_] if is_new else rounds
    return Rounds(planner=planner, confidence=confidence, until=until, rounds=rounds)


def on_machine(rounds: Rounds, before: Mapping[str, Any], now: Mapping[str, Any]) -> Rounds:
    """The rounds, without the threads that the newest was planned with if other resources go on with it."""
    if all(before.get(name) == now.get(name) for name in ("workers", "threads", "devices", "executor")):
        return rounds
    newest = rounds.newest.model_copy(update={"threads": None})
    return rounds.model_copy(update={"rounds": [*rounds.rounds[:-1], newest]})


def seeds_in_order(spec: Spec, count: int) -> list[int]:
    """The first seeds of a study: the spec's, then the smallest numbers that are not among these."""
    others = (seed for seed in itertools.count() if seed not in spec.seeds)
    return [*itertools.islice(itertools.chain(spec.seeds, others), count)]


def decides(folder: Path) -> bool:
    """Whether the study in a folder decides what to train next, as its results come."""
    rounds = read_rounds(folder)
    return rounds is not None and rounds.planner == "sure"


def seeds_wanted(folder: Path, spec: Spec, width: int) -> list[int]:
    """The seeds that a width of the study in a folder should have now, in their order: the spec's, or as it decided."""
    rounds = read_rounds(folder)
    return seeds_in_order(spec, rounds.newest.seeds.get(width, 0) if rounds else spec.seeds_at(width))
