"""The local executor: worker processes, each with so many threads, or a GPU."""

import logging
import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from overgan.disk import try_lock
from overgan.errors import OverganError
from overgan.study._rounds import decides
from overgan.study._store import group_folder
from overgan.study.execute._environment import worker_environment
from overgan.study.execute._executor import STOP_SECONDS, Job, WorkerError
from overgan.study.execute._logs import log_file, pass_on_notices
from overgan.study.execute._worker import MISTAKE


@dataclass
class _Worker:
    """A process, and what it told so far."""

    process: Popen[bytes]
    log: Path
    device: str
    width: int | None = None  # of the group that it has, or had last
    failure: str = ""
    unread: bytes = b""

    def listen(self) -> int | None:
        """Take in what the process told; its exit code, once it has ended."""
        code = self.process.poll()  # before reading, so that nothing can follow
        assert self.process.stdout  # noqa: S101 - a pipe
        while part := _read(self.process.stdout.fileno()):
            *lines, self.unread = (self.unread + part).split(b"\n")
            for line in lines:
                word, _, rest = line.decode(errors="replace").partition(" ")
                if word == "group":
                    self.width = int(rest)
                elif word == "failed":
                    self.failure = rest
        return code

    def close(self) -> None:
        """Listen no longer."""
        if self.process.stdout:
            self.process.stdout.close()

    def end(self) -> str:
        """What ended it, in words, and where its output is."""
        code = self.process.returncode
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"{how}{f' ({self.failure})' if self.failure else ''}; its output is in {self.log}"


class Local:
    """Processes on this machine; their output goes to worker-0.log, … in the study's folder while they run.

    Where one ends before its work does, another takes its place. The group that it had is tried once more, and after
    that is left.
    """

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._failed: set[int | None] = set()  # widths, or None before the first group
        self._left: dict[int | None, str] = {}  # those that failed again, and how
        self._logs_to_keep: set[Path] = set()
        self._locks = ExitStack()  # on the groups that are left

    def start(self, job: Job) -> None:
        """Start the processes."""
        self._job = job
        for i in range(job.workers):
            log = log_file(job.folder, i)
            log.unlink(missing_ok=True)
            self._workers.append(self._started(log, job.devices[i % len(job.devices)]))

    def _started(self, log: Path, device: str) -> _Worker:
        threads = str(self._job.threads)
        environment = os.environ | worker_environment(self._job.threads)
        # -P: else a random.py in the current folder would be imported for Python's own
        module = [sys.executable, "-P", "-m", "overgan.study.execute._worker"]
        command = [*module, self._job.store, threads, str(os.getpid()), device]
        with log.open("ab") as output:
            process = Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=output, env=environment)
        assert process.stdout  # noqa: S101 - a pipe
        os.set_blocking(process.stdout.fileno(), False)
        return _Worker(process, log, device)

    def working(self) -> bool:
        """Whether a process is still running.

        Raises OverganError if one ended for a mistake of the user's, and WorkerError if none is left and groups are.
        """
        for i, worker in enumerate(self._workers):
            code = worker.listen()
            if code == MISTAKE:
                raise OverganError(worker.failure or f"a worker {worker.end()}")
            if code and (worker.width is not None or None not in self._left):
                self._replace(i, worker)
        codes = [worker.process.poll() for worker in self._workers]
        if None in codes and not (self._left.keys() - {None} and decides(self._job.folder)):
            return True  # else they would wait for the width that is left, before the next round
        if 0 in codes:  # a worker that could begin has looked at every group
            self._left.pop(None, None)
        if self._left:
            ends = (f"a second worker {_where(width)} {how}" for width, how in self._left.items())
            raise WorkerError(f"not finished: {'; '.join(ends)}; the same command goes on from the last checkpoint")
        return False

    def _replace(self, i: int, worker: _Worker) -> None:
        """Start another worker; the group is left if another had failed in it before, and then kept from all others."""
        width, how = worker.width, worker.end()
        self._logs_to_keep.add(worker.log)
        if width in self._failed:
            self._left[width] = how
            if width is None:
                return  # it would fail again
            self._locks.enter_context(try_lock(group_folder(self._job.folder, width)))
            then = "that width is left, and the others go on"
        else:
            self._failed.add(width)
            then = "another one takes its place and goes on from the last checkpoint"
        logging.getLogger(__name__).warning(f"overgan: a worker {_where(width)} {how}; {then}")
        worker.close()
        self._workers[i] = self._started(worker.log, worker.device)

    def stop(self) -> None:
        """Ask the processes to end, and kill those that have not within seconds; logs of failures stay."""
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except TimeoutExpired:  # its last checkpoint counts
                worker.process.kill()
                worker.process.wait()
            worker.close()
        pass_on_notices([worker.log for worker in self._workers])
        for worker in self._workers:
            if worker.process.returncode == 0 and worker.log not in self._logs_to_keep:
                with suppress(OSError):  # of a disk that fails, which is said already
                    worker.log.unlink(missing_ok=True)
        self._locks.close()


def _where(width: int | None) -> str:
    return "before its first width" if width is None else f"at k = {width}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _read(handle: int) -> bytes:
    """What there is to read, without waiting."""
    try:
        return os.read(handle, 2**16)
    except BlockingIOError:
        return b""
