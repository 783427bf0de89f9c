"""A statement of the paper, with what one study says of it."""

from dataclasses import dataclass
from typing import Literal

from overgan.words import number

Verdict = Literal["supports", "contradicts", "cannot tell"]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval."""

    what: str  # in words, with its unit: "change of test FID from k = 2 to k = 16"
    value: float
    low: float  # of the interval; nan, as is `high`, where so few runs have none
    high: float
    confidence: float = 0.95

    @property
    def shown(self) -> tuple[str, str, str]:
        """Value and ends of the interval, in three digits; whole numbers, such as widths, are exact."""
        value, low, high = (f"{x:,}" if isinstance(x, int) else number(x) for x in (self.value, self.low, self.high))
        return value, low, high


@dataclass(frozen=True)
class Claim:
    """A statement of the paper, its numbers, and whether one study supports it.

    It is of the study alone: another data set or network may have another verdict.
    """

    name: str  # a word: "quality"
    statement: str  # the paper's, a sentence: "Wider networks train to a lower FID."
    verdict: Verdict
    because: str  # a sentence: what this study has measured, from which the verdict follows
    numbers: tuple[Estimate, ...] = ()  # the one that the verdict rests on first; none if nothing is measured
    rests_on: str = ""  # the runs and feature space, in a few words: "15 runs, 5 widths, classifier features"
    needed: str = ""  # a sentence: what would tell, if the verdict is "cannot tell"
    figures: tuple[str, ...] = ()  # names of the report's figures that show it, the best one first
    p_value: float | None = None  # of the first number, if the width changed nothing; where that is tested
