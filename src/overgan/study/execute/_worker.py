"""A worker process of the local executor.

python -m overgan.study.execute._worker STORE THREADS PARENT_PID DEVICE

It tells its parent by its standard output, a line each, which group it has, "group 8", and why it failed, "failed …",
for a log cannot be written where a disk is full. What else is printed goes to the error output.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import TextIO

from overgan.errors import OverganError
from overgan.signals import when_ended
from overgan.study.execute._executor import WorkerError

MISTAKE, FAILURE = 2, 1  # exit codes


def main(store: str, threads: int, parent: int, device: str, told: TextIO) -> None:
    """Finish groups until there are none left, a signal comes, or the parent is gone."""
    stopped = at_work = False

    def stop(_number: int) -> None:
        nonlocal stopped
        stopped = True
        if not at_work:
            os._exit(0)  # there is nothing to save yet

    def stopping() -> bool:
        return stopped or os.getppid() != parent  # a parent that was killed takes its workers along

    def begun(width: int) -> None:
        nonlocal at_work
        at_work = True
        print("group", width, file=told)

    when_ended(stop, (signal.SIGINT,))
    from overgan.study.execute._groups import finish_groups  # which takes seconds

    finish_groups(store, threads, device, stopping, begun=begun)


def run() -> int:
    """The worker of the command line; its exit code."""
    told = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], told)
        return 0
    except (OverganError, WorkerError) as error:
        line, code = str(error), MISTAKE if isinstance(error, OverganError) else FAILURE
    except Exception as error:
        line, code = " ".join(f"{type(error).__name__}: {error}".split()), FAILURE
        with suppress(OSError):
            sys.excepthook(*sys.exc_info())
    with suppress(OSError):
        print("failed", line, file=told)
        print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    exit_code = run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(exit_code)  # else a log that cannot be written would make it 120
