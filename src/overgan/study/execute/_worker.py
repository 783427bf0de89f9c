"""A worker process of the local executor.

python -m overgan.study.execute._worker STORE THREADS PARENT_PID DEVICE
"""

import os
import signal
import sys

from overgan.errors import OverganError
from overgan.signals import when_ended
from overgan.study.execute._groups import finish_groups


def main(store: str, threads: int, parent: int, device: str) -> None:
    """Finish groups until there are none left, a signal comes, or the parent is gone."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    def stopping() -> bool:
        return stopped or os.getppid() != parent  # a parent that was killed takes its workers along

    when_ended(stop)
    signal.signal(signal.SIGINT, stop)
    finish_groups(store, threads, device, stopping)


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    except OverganError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
