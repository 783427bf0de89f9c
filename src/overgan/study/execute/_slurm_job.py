"""What a job of Slurm does for a group."""

import signal
import sys
from dataclasses import dataclass
from types import FrameType

from overgan.errors import OverganError
from overgan.study.execute._executor import WorkerError
from overgan.study.execute._groups import finish_group


@dataclass(frozen=True)
class SlurmGroup:
    """What is to be finished, as submitit runs it: arguments as of `finish_group`."""

    store: str
    threads: int
    device: str
    width: int | None

    def __call__(self) -> None:
        """Finish the group; before the time limit, write a checkpoint and have the job queued again.

        The signal of the time limit only sets a flag, for a checkpoint can only be written between two iterations;
        what submitit does at it, which ends the process, comes afterwards. SIGTERM (scancel) ends the job.
        """
        from submitit import JobEnvironment

        number = getattr(signal, f"SIG{JobEnvironment.USR_SIG}")
        queue_again, told = signal.getsignal(number), list[int]()

        def stop(received: int, _frame: FrameType | None) -> None:
            told.append(received)

        for ending in (number, signal.SIGTERM):
            signal.signal(ending, stop)
        try:
            finish_group(self.store, self.threads, self.device, lambda: bool(told), self.width)
        except (OverganError, WorkerError) as error:
            print(f"overgan: {error}", file=sys.stderr)
            sys.exit(2 if isinstance(error, OverganError) else 1)
        if told and told[0] == number and callable(queue_again):
            queue_again(number, None)
        if told:
            sys.exit(128 + told[0])

    def checkpoint(self) -> object:
        """What is to be run when the job starts again: the same, which goes on from its checkpoint."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
