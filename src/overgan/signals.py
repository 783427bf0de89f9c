"""The signals that ask a process to end: of an operator, a job scheduler, a terminal that is closed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
AGAIN_SECONDS = 0.05  # after which a finalizer is over
LIMIT_SECONDS = 9.5  # for a command to end after such a signal; schedulers kill after 10 or more


def when_ended(do: Callable[[int], None], more: tuple[signal.Signals, ...] = ()) -> None:
    """Call do(signal's number) at the first such signal, or one of more, and leave those that follow alone.

    SIGHUP stays ignored where it is, as under nohup.
    """
    all_of_them = [*ENDING, *more]

    def first(number: int, _frame: object) -> None:
        for ending in all_of_them:
            signal.signal(ending, signal.SIG_IGN)
        do(number)

    for ending in all_of_them:
        if signal.getsignal(ending) != signal.SIG_IGN or ending == signal.SIGTERM:
            signal.signal(ending, first)


@contextmanager
def ending_in_time() -> Iterator[None]:
    """Meanwhile SIGTERM, SIGHUP and SIGINT end this process: it says so at once, and SystemExit is raised.

    The exit code is 128 and the signal's number. A process that has not ended within LIMIT_SECONDS, since it is deep
    in a library's code, is ended there: its files are written so that a kill cannot damage them.
    """
    endings = [*ENDING, signal.SIGINT]
    before = {ending: signal.getsignal(ending) for ending in endings}
    heard, told = os.pipe()
    os.set_blocking(told, False)

    def watch() -> None:
        with os.fdopen(heard, "rb", buffering=0) as numbers:
            while number := numbers.read(1):  # nothing more comes once the other end is closed
                if number[0] in endings:
                    with suppress(OSError):  # the terminal may be gone
                        os.write(2, b"overgan: stopping\n")
                    time.sleep(LIMIT_SECONDS)
                    os._exit(128 + number[0])

    unraisable = sys.unraisablehook

    def lost(of: "sys.UnraisableHookArgs") -> None:
        """Raise SystemExit once more, if it came where Python drops what is raised, such as in a finalizer."""
        if not (isinstance(of.exc_value, SystemExit) and isinstance(code := of.exc_value.code, int)):
            unraisable(of)
            return

        def again(number: int, _frame: object) -> None:
            signal.signal(number, signal.SIG_IGN)
            sys.exit(code)

        signal.signal(code - 128, again)
        threading.Timer(AGAIN_SECONDS, os.kill, [os.getpid(), code - 128]).start()

    when_ended(lambda number: sys.exit(128 + number), (signal.SIGINT,))
    sys.unraisablehook = lost
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)  # a byte, the number, even while the main thread is busy
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        signal.set_wakeup_fd(-1)
        os.close(told)
        for ending, handler in before.items():
            if signal.getsignal(ending) != signal.SIG_IGN:  # none has come
                signal.signal(ending, handler)
