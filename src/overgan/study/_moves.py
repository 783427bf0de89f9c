"""The rounds of a study in words."""

from overgan.study._rounds import Rounds
from overgan.words import counted, joined


def move(rounds: Rounds, number: int) -> str:
    """What a round, from 1, has trained that the one before had not, in words."""
    now = rounds.rounds[number - 1]
    before = rounds.rounds[number - 2].seeds if number > 1 else {}
    new = {width: count - before.get(width, 0) for width, count in now.seeds.items() if count > before.get(width, 0)}
    if now.move == "longer":
        return f"longer, {now.iterations:,} iterations"
    if now.move == "wider":
        return f"wider, {_seeds(new)}"
    return _seeds(new, "more " if number > 1 else "")


def _seeds(new: dict[int, int], more: str = "") -> str:
    """Such as: 3 more seeds at k = 4 and 8, 2 at k = 16."""
    by_count: dict[int, list[int]] = {}
    for width, count in new.items():
        by_count.setdefault(count, []).append(width)
    if not by_count:
        return f"no {more}seeds"
    first, *others = sorted(by_count.items(), reverse=True)
    text = f"{counted(first[0], 'seed').replace(' ', f' {more}')} at k = {joined(first[1])}"
    return ", ".join([text, *(f"{count} at k = {joined(widths)}" for count, widths in others)])


def round_words(rounds: Rounds, number: int) -> str:
    """A round, from 1, in one line: what, and why."""
    return f"round {number}: {move(rounds, number)}. {rounds.rounds[number - 1].why}"
