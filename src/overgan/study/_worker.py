"""A worker: a process that works on one group of a study after another, started by the runner.

python -m overgan.study._worker FOLDER THREADS PARENT_PID DEVICE
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from overgan.disk import try_lock
from overgan.errors import OverganError
from overgan.study._load import read_description
from overgan.study._store import group_folder


def main(folder: Path, threads: int, parent: int, device: str) -> None:
    """Finish every group that is not finished and that no other worker has, the widest first."""
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    def stopping() -> bool:
        return stopped or os.getppid() != parent  # a runner that was killed takes its workers along

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    spec = read_description(folder).spec
    work = spec.worker(folder, threads, device)
    for width in sorted(spec.widths, reverse=True):
        with try_lock(group_folder(folder, width)) as is_ours:
            if is_ours:
                work(width, stopping)
        if stopping():
            return


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    except OverganError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
