"""The signals that ask a process to end: of an operator, a job scheduler, a terminal that is closed."""

import signal
from collections.abc import Callable

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def when_ended(do: Callable[[int], None]) -> None:
    """Call do(signal's number) at the first such signal, and leave those that follow alone.

    SIGHUP stays ignored where it is, as under nohup.
    """

    def first(number: int, _frame: object) -> None:
        for ending in ENDING:
            signal.signal(ending, signal.SIG_IGN)
        do(number)

    for ending in ENDING:
        if signal.getsignal(ending) != signal.SIG_IGN or ending == signal.SIGTERM:
            signal.signal(ending, first)
