"""The local executor: worker processes, each with its share of this machine's cores, or a GPU."""

import os
import subprocess
import sys
import time
from itertools import cycle

from overgan.study._machine import cores
from overgan.study.execute._executor import Job
from overgan.study.execute._logs import log_file, raise_if_failed

GRACE_SECONDS = 30.0  # for a worker to write its checkpoint when the study is stopped

# glibc gives the pages of big temporaries back, and every step faults them in again; other systems ignore this
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**32)}


class Local:
    """Processes on this machine; their output goes to worker-0.log, … in the study's folder while they run."""

    def start(self, job: Job) -> None:
        """Start the processes."""
        threads = str(max(1, cores() // job.workers))
        environment = MALLOC | os.environ
        environment |= {f"{name}_NUM_THREADS": threads for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
        module = [sys.executable, "-m", "overgan.study.execute._worker"]
        self._logs = [log_file(job.folder, i) for i in range(job.workers)]
        self._processes: list[subprocess.Popen[bytes]] = []
        for log, device in zip(self._logs, cycle(job.devices), strict=False):
            with log.open("wb") as output:
                command = [*module, str(job.folder), threads, str(os.getpid()), device]
                self._processes.append(
                    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
                )

    def working(self) -> bool:
        """Whether a process is still running. Raises OverganError or WorkerError if one has failed."""
        running = any(process.poll() is None for process in self._processes)
        for process, log in zip(self._processes, self._logs, strict=True):
            raise_if_failed(process.poll(), log)
        return running

    def stop(self) -> None:
        """Ask the processes to end, and kill those that have not within half a minute; logs of failures stay."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process, log in zip(self._processes, self._logs, strict=True):
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
            if process.returncode == 0:
                log.unlink()
