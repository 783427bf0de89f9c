"""Numbers and counts in words, as sentences and tables show them."""

import math
from collections.abc import Sequence

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


def joined(parts: Sequence[object]) -> str:
    """In a row: a, b and c."""
    *rest, last = map(str, parts)
    return f"{', '.join(rest)} and {last}" if rest else last


def span(low: str, high: str) -> str:
    """From low to high, or both at once, if they read the same."""
    return low if low == high else f"{low} to {high}"


def brief(of: object, **shown: object) -> str:
    """A value in one short line, for its repr: some of what it has, numbers in four digits, and … for the rest."""
    parts = [
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}" for name, value in shown.items()
    ]
    return f"{type(of).__name__}({', '.join(parts)}, …)"
