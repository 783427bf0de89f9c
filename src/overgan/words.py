"""Numbers and counts in words, as sentences and tables show them."""

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

PLAIN = range(-4, 6)  # powers of ten that are written out
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """In so many significant digits: 0.0125, 1,230, 4.5 × 10⁻⁷; a dash for what is no number."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "-∞"
    value += 0.0  # -0 reads 0
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    if int(power) not in PLAIN:
        return f"{float(mantissa):g} × 10{str(int(power)).translate(RAISED)}"
    decimals = digits - 1 - int(power)
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float, digits: int = 6) -> str:
    """A share as a percentage."""
    return f"{number(100 * share, digits)}%"


def counted(count: int, noun: str) -> str:
    """So many of them: 1 run, 2 runs, 1,000 runs."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def at_widths(counts: Mapping[int, int], noun: str) -> str:
    """How many of each width, those of which there are the most first: 3 more seeds at k = 4 and 8, 2 at k = 16."""
    by_count = {n: [k for k, of in counts.items() if of == n] for n in sorted({*counts.values()}, reverse=True)}
    first, *others = [f"at k = {joined(widths)}" for widths in by_count.values()]
    most, *less = by_count
    return ", ".join([f"{counted(most, noun)} {first}", *(f"{n:,} {at}" for n, at in zip(less, others, strict=True))])


def joined(parts: Sequence[object]) -> str:
    """In a row: a, b and c."""
    *rest, last = map(str, parts)
    return f"{', '.join(rest)} and {last}" if rest else last


def span(low: str, high: str) -> str:
    """From low to high, or both at once, if they read the same."""
    return low if low == high else f"{low} to {high}"


def signed(value: float, digits: int = 3) -> str:
    """As `number`, with its sign: +2.9, -2.9, 0."""
    return f"{'+' if value > 0 else ''}{number(value, digits)}"


def change(before: float, after: float) -> str:
    """What becomes of a number that is not negative: changes it by +6%, by less than 1%; takes it from 0 to 5."""
    if before == after:
        return "does not change it"
    if not (0 < before < math.inf and math.isfinite(after)):
        return f"takes it from {number(before)} to {number(after)}"
    rounded = round(100 * (after / before - 1))
    return f"changes it by {signed(rounded, 6)}%" if rounded else "changes it by less than 1%"


def course(values: Mapping[Any, float], *, shown: Collection[Any] = (), digits: int = 3) -> str:
    """How a number goes with the width: goes from 52 at k = 2 to 13 at k = 8 and 14 at k = 16; stays at 13; is 13.

    values: by width, the narrowest first; what is no number is left out.
    shown: widths that are named beside the narrowest and the widest.
    """
    known = {width: number(value, digits) for width, value in values.items() if not math.isnan(value)}
    if not known:
        return "is not known"
    narrowest, widest = min(known), max(known)
    if narrowest != widest and len(set(known.values())) == 1:
        return f"stays at {known[widest]} from k = {narrowest} to k = {widest}"
    named = [width for width in known if width in {narrowest, widest, *shown}]
    start, *then = [f"{text} at k = {joined(list(widths))}" for text, widths in groupby(named, key=known.__getitem__)]
    return f"goes from {start} to {joined(then)}" if then else f"is {start}"


def brief(of: object, **shown: object) -> str:
    """A value in one short line, for its repr: some of what it has, numbers in four digits, and … for the rest."""
    parts = [
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}" for name, value in shown.items()
    ]
    return f"{type(of).__name__}({', '.join(parts)}, …)"
