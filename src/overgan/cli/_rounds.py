"""What a study that decides what to train next is doing, and what that has cost."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import overgan.study
from overgan.cli._terminal import console
from overgan.errors import OverganError
from overgan.study import GroupStatus, Round
from overgan.words import number

if TYPE_CHECKING:
    from overgan.study import Watcher


def with_rounds(folder: Path, watch: "Watcher") -> "Watcher":
    """The watcher, and a line for each round as it begins; of a study that goes on, for the newest one first."""
    told = 0

    def watching(groups: list[GroupStatus]) -> None:
        nonlocal told
        with suppress(OverganError):  # if what it reads is damaged, the run itself says so
            rounds = overgan.study.read_rounds(folder)
            count = len(rounds.rounds) if rounds else 0
            if rounds and count > told:
                for nth in range(told + 1 if told else count, count + 1):
                    console.print(f"{overgan.study.round_words(rounds, nth)}{_so_far(folder, rounds.rounds[nth - 1])}")
                told = count
        watch(groups)

    return watching


def _so_far(folder: Path, begun: Round) -> str:
    """What the study has cost when a round begins, beside the grid that has as many seeds at every width."""
    found = overgan.study.hours(folder, overgan.study.load(folder, trust=True).description)
    if not found.spent:
        return ""
    most = max(begun.seeds.values())
    grid = number(found.grid(begun.seeds, most), 2)
    return f" {found.words(found.spent)} so far; {most} seeds at every width would be about {grid}."
