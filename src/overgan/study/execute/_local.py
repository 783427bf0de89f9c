"""The local executor: worker processes, each with so many threads, or a GPU."""

import os
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired

from overgan.study.execute._environment import worker_environment
from overgan.study.execute._executor import GRACE_SECONDS, Job
from overgan.study.execute._logs import log_file, pass_on_notices, raise_if_failed


class Local:
    """Processes on this machine; their output goes to worker-0.log, … in the study's folder while they run."""

    def __init__(self) -> None:
        self._workers: list[tuple[Popen[bytes], Path]] = []

    def start(self, job: Job) -> None:
        """Start the processes."""
        threads = str(job.threads)
        environment = os.environ | worker_environment(job.threads)
        # -P: else a random.py in the current folder would be imported for Python's own
        module = [sys.executable, "-P", "-m", "overgan.study.execute._worker"]
        for i in range(job.workers):
            log = log_file(job.folder, i)
            with log.open("wb") as output:
                command = [*module, job.store, threads, str(os.getpid()), job.devices[i % len(job.devices)]]
                process = Popen(command, stdin=DEVNULL, stdout=output, stderr=output, env=environment)
            self._workers.append((process, log))

    def working(self) -> bool:
        """Whether a process is still running. Raises OverganError or WorkerError if one has failed."""
        running = any(process.poll() is None for process, _ in self._workers)
        for process, log in self._workers:
            raise_if_failed(process.poll(), log)
        return running

    def stop(self) -> None:
        """Ask the processes to end, and kill those that have not within half a minute; logs of failures stay."""
        for process, _ in self._workers:
            process.terminate()
        pass_on_notices([log for _, log in self._workers])
        deadline = time.monotonic() + GRACE_SECONDS
        for process, log in self._workers:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except TimeoutExpired:
                process.kill()
            if process.returncode == 0:
                log.unlink()
