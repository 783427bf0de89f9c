"""What runs lack to recommend a width by, in words: seeds, and widths."""

from collections.abc import Collection, Mapping

from overgan.words import joined

SEEDS, WIDTHS = 3, 3  # at least


def missing(runs: Mapping[int, int], may_be_enough: Collection[int], given: int) -> tuple[str, ...]:
    """What there should be more of.

    runs: how many there are of each width. may_be_enough: the widths between which the answer hangs, each of which
    needs three; the others have been told apart from them already. given: the number of widths, with or without runs.
    """
    words = []
    few = {width: count for width, count in runs.items() if width in may_be_enough and count < SEEDS}
    if few:
        counts = sorted(set(few.values()))
        have = f"{'has' if len(few) == 1 else 'have'} {' or '.join(map(str, counts))}"
        where = f"k = {joined(list(few))} {have}"
        all_few = max(runs.values()) < SEEDS
        words.append(
            f"at least three seeds, such as seeds=[0,1,2]: {where}" if all_few else f"more seeds: {where} of three"
        )
    if given < WIDTHS:
        there = "there is 1" if len(runs) == 1 else f"there are {len(runs)}"
        words.append(f"at least three widths, such as widths=[{','.join(map(str, _three(list(runs))))}]: {there}")
    return tuple(words)


def _three(widths: list[int]) -> list[int]:
    """The widths, with as many more, half or twice as wide, as make three."""
    if len(widths) == 1 and widths[0] > 1:
        widths = [widths[0] // 2, *widths]
    while len(widths) < WIDTHS:
        widths = [*widths, 2 * widths[-1]]
    return widths
