"""The rounds of a study in words."""

from overgan.study._rounds import Rounds
from overgan.words import at_widths


def move(rounds: Rounds, number: int) -> str:
    """What a round, from 1, has trained that the one before had not, in words."""
    now = rounds.rounds[number - 1]
    before = rounds.rounds[number - 2].seeds if number > 1 else {}
    new = {width: count - before.get(width, 0) for width, count in now.seeds.items() if count > before.get(width, 0)}
    if now.move == "longer":
        return f"longer, {now.iterations:,} iterations"
    if now.move == "wider":
        return f"wider, {at_widths(new, 'seed')}" if new else "wider"
    return at_widths(new, "more seed" if number > 1 else "seed") if new else "no more seeds"


def round_words(rounds: Rounds, number: int) -> str:
    """A round, from 1, in one line: what, and why."""
    return f"round {number}: {move(rounds, number)}. {rounds.rounds[number - 1].why.removesuffix('.')}."
