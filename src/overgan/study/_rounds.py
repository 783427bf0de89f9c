"""The rounds of a study that decides what to train next: what each width should have, and why, as the store keeps it.

rounds.json is written before any work on a round. A round is done when every width has its runs; the next one follows
from what these say alone, so that whoever looks at the same store comes to the same decision.
"""

import itertools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.disk import read_json, write_json
from overgan.errors import OverganError
from overgan.study._spec import Spec, Width

ROUNDS = "rounds.json"
STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Round(BaseModel):
    """What every width should have by the end of a round."""

    model_config = STRICT

    move: Literal["begin", "seeds", "wider", "longer"]
    why: str  # one sentence
    seeds: dict[Width, Annotated[int, Field(ge=1)]]  # width -> how many of the study's seeds, in their order
    iterations: Annotated[int, Field(ge=1)]  # of every run


class Rounds(BaseModel):
    """The content of rounds.json."""

    model_config = STRICT

    confidence: Annotated[float, Field(gt=0, lt=1)]
    until: float | None = None  # seconds since 1970, after which no work begins, and what is under way is interrupted
    initial: int  # widths that the study began with
    rounds: list[Round]

    @property
    def newest(self) -> Round:
        """What there should be now."""
        return self.rounds[-1]

    @property
    def longer(self) -> int:
        """How often the study was made longer."""
        return sum(of.move == "longer" for of in self.rounds)


def read_rounds(folder: Path) -> Rounds | None:
    """The rounds of the study in a folder; None if it never decided anything. Raises OverganError if damaged."""
    path = folder / ROUNDS
    if not path.exists():
        return None
    mend = "restore it, or remove it: then the study goes on from the runs that there are"
    try:
        return Rounds.model_validate(read_json(path, mend))
    except ValidationError:
        raise OverganError(f"{path} is not a study's rounds; {mend}") from None


def write_rounds(folder: Path, rounds: Rounds) -> None:
    """Put them in place of those before."""
    write_json(folder / ROUNDS, rounds.model_dump(mode="json"))


def seeds_in_order(spec: Spec, count: int) -> list[int]:
    """The first seeds of a study: the spec's, then the smallest numbers that are not among these."""
    others = (seed for seed in itertools.count() if seed not in spec.seeds)
    return [*itertools.islice(itertools.chain(spec.seeds, others), count)]
