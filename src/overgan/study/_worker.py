"""A worker: a process that trains one group of a study after another, started by the runner.

python -m overgan.study._worker FOLDER THREADS PARENT_PID
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import torch

from overgan.data import load_images
from overgan.errors import OverganError
from overgan.metrics import Reference, feature_space
from overgan.study._store import group_folder, read_description, try_lock
from overgan.training import train_group


def main(folder: Path, threads: int, parent: int) -> None:
    """Train every group that is not finished and that no other worker has, the widest first."""
    torch.set_num_threads(threads)
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    def stopping() -> bool:
        return stopped or os.getppid() != parent  # a runner that was killed takes its workers along

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    spec = read_description(folder).spec
    images = load_images(spec.data)
    spaces = [feature_space(name, images) for name in spec.evaluate.features]
    reference = Reference(images, spaces, spec.evaluate.samples)
    for width in sorted(spec.widths, reverse=True):
        group = group_folder(folder, width)
        with try_lock(group) as is_ours:
            if is_ours:
                train_group(group, images, reference, spec.model, spec.train, width, spec.seeds, stopping)
        if stopping():
            return


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except OverganError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
