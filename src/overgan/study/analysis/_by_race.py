"""A recommendation as a race between widths has it, and what would settle it, in words."""

import math
from dataclasses import replace

from overgan.study.analysis._race import Standing
from overgan.study.analysis._recommend import TRY_NARROWER, Recommendation
from overgan.words import at_widths, counted, joined, number, percent

NEAR_CERTAIN = 0.99  # beyond it, or below 1 minus it, a simulated probability has no digits

MANY = 2_000  # seeds, with which `needed` comes near its end: it may take any number


def by_race(found: Recommendation, race: Standing, *, goes_on: bool = True) -> Recommendation:
    """What a recommendation becomes in a study that chose its runs by what earlier ones said.

    found: by the same runs as if their number had been fixed. goes_on: whether the study is to go on until
    it is sure, and lacks something before.
    """
    left = race.not_excluded
    if not left:  # all runs diverged, or every width is above another
        return replace(found, anytime=True, missing=(*found.missing, "a width that is not shown to be too bad"))
    width = race.named or (
        found.width if found.width in left else min(left, key=lambda k: (race.means[k] == math.inf, k))
    )
    best = min(race.means, key=race.means.__getitem__)
    value, least = race.means[width], race.means[best]
    widest = race.widths[-1]
    lost = f", of which {count} diverged" if (count := found.diverged.get(width)) else ""
    text = f"mean {found.quantity} {number(value)} over {counted(race.runs[width], 'run')}{lost}"
    within = percent(found.tolerance)
    if race.named is None:
        text += f"; k = {joined(left)} are not excluded yet"
    elif race.improving and width == widest:
        text += f", the widest, and no narrower one is within {within} of it: try wider"
    elif race.enough[width]:
        text += f", shown to be within {within} of every other width"
        text += ", as no narrower one is" if width > race.widths[0] else TRY_NARROWER if width > 1 else ""
    else:
        text += f", while every other width is shown to miss the best by more than {within}"
    if all_lost := [k for k, count in found.diverged.items() if count == race.runs.get(k)]:
        text += f". All runs at k = {joined(all_lost)} diverged"
    return replace(
        found,
        width=width,
        interval=(left[0], left[-1]),
        not_excluded=left,
        value=value,
        best_width=best,
        best_value=least,
        try_wider=race.improving and width == widest,
        try_narrower=race.named is not None and width == race.widths[0] and width > 1,
        reason=text,
        anytime=True,
        missing=() if race.named else ("more seeds",) if goes_on else found.missing,
    )


def odds(found: Recommendation, unit: str, processor: str) -> str:
    """How probable it is that the width is the right one, and what would settle it, as far as that is known.

    unit: of the hours that it takes. processor: on which those were measured.
    """
    said, share = [], found.probability
    if share is not None:
        near = "above 99%" if share > NEAR_CERTAIN else "below 1%" if share < 1 - NEAR_CERTAIN else ""
        chance = near or f"of {percent(share, 2)}"
        said.append(f"By these runs k = {found.width} is the right width with a probability {chance}")
    if found.more_seeds:
        cost = f", {number(found.core_hours, 2)} {unit} at the pace so far, on {processor}" if found.core_hours else ""
        about = "at least" if max(found.more_seeds.values()) > MANY else "about"
        said.append(f"{about} {at_widths(found.more_seeds, 'more seed')} would settle it{cost}")
    text = "; ".join(said)
    return text[:1].upper() + text[1:]
