"""How long something may take, as a user writes it."""

import re

from overgan.errors import OverganError

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
LONGEST = 3650 * 86400  # ten years: no budget is meant to be longer
NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
PART = re.compile(rf"\s*({NUMBER})\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})(?![a-z])\s*")


def seconds_of(text: str, argument: str = "budget") -> float:
    """The seconds of 90s, 30m, 2h, 1.5h, 1d or 1h30m.

    argument: whose value it is, for the message.

    Raises OverganError if it is not such a text, or is 0 or more than ten years.
    """
    parts, place = [], 0
    while found := PART.match(text.lower(), place):
        parts.append(float(found[1]) * UNITS[found[2]])
        place = found.end()
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if not parts or place < len(text):
        raise OverganError(
            f"{{argument}} is {shown or 'empty'}; write a time, such as 90s, 30m, 2h, 1h30m or 1d", argument
        )
    if not 0 < sum(parts) <= LONGEST:
        raise OverganError(f"{{argument}} is {shown}; it must be more than 0, and at most ten years (3650d)", argument)
    return sum(parts)
