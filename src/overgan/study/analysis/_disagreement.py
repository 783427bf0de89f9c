"""Whether feature spaces recommend the same width, and by how much they differ."""

from collections.abc import Mapping

from overgan.study.analysis._recommend import Recommendation
from overgan.words import joined, number, percent


def disagreement(found: Mapping[str, Recommendation], means: Mapping[int, float]) -> str:
    """What the feature spaces say, side by side, in words; empty unless there are two spaces and two widths.

    found: by the spaces' names, the first being the one that decides. means: the means of its values, by width.
    """
    if len(found) < 2 or len(means) < 2:
        return ""
    (decides, first), *others = found.items()
    widths = sorted({of.width for _, of in others} - {first.width})
    if not widths:
        return f"The feature spaces {joined(list(found))} agree on k = {first.width}"
    said = joined([f"{decides} says {_width(first)}", *(f"{name} {_width(of)}" for name, of in others)])
    shared = sorted(set.intersection(*(set(of.not_excluded) for of in found.values())))
    text = f"The feature spaces disagree: {said}"
    text += "".join(_cost(width, means[width], first) for width in widths if width in means and first.value > 0)
    if shared:
        return f"{text}. All intervals hold k = {joined(shared)}, so these runs do not show that the spaces differ"
    return f"{text}. No width is in all intervals: which one is enough depends on what is compared"


def _width(found: Recommendation) -> str:
    return f"k = {found.width} ({number(found.value)}, {found.sure})"


def _cost(width: int, mean: float, first: Recommendation) -> str:
    change = mean / first.value - 1
    return (
        f". At k = {width} the mean {first.quantity} is {number(mean)}, {percent(abs(change), 2)} "
        f"{'less' if change < 0 else 'more'} than at k = {first.width}"
    )
