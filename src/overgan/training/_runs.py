"""Which run a replica is: its seed, and how large its steps are."""

from typing import Literal, NamedTuple, get_args

Rule = Literal["constant", "inverse", "mup"]
RULES: tuple[Rule, ...] = get_args(Rule)


class Run(NamedTuple):
    """One run of a width. Two of the same seed start from the same random streams, and differ in their steps alone."""

    seed: int
    learning_rate: float  # of the base width, or, by the rule constant, of every width
    rule: Rule

    @property
    def name(self) -> str:
        """One for files and keys, where a seed has several runs."""
        return f"{self.seed}-{self.rule}-{self.learning_rate!r}"
