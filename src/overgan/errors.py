"""The one exception that means: the input, not overgan, must change."""

import difflib
from collections.abc import Iterable


class OverganError(ValueError):
    """A mistake that the user can mend: one line that says what, where and how to mend it.

    message: the line; "{argument}" in it stands for the argument that is to blame.
    argument: the name of that argument of the library function, for which the `overgan` command says its own option.

    The `overgan` command prints the line and exits with code 2; a library caller can catch it as a ValueError.
    """

    def __init__(self, message: str, argument: str = ""):
        super().__init__(message.replace("{argument}", argument))
        self.message, self.argument = message, argument


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """'; did you mean X?' for the closest of the known names, or '; known: …' if none is close."""
    known = sorted(known)
    close = difflib.get_close_matches(given, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
