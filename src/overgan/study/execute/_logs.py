"""What workers printed, and what it says of how they ended."""

import logging
from collections.abc import Sequence
from pathlib import Path

from overgan.errors import OverganError
from overgan.study.execute._executor import WorkerError


def log_file(folder: Path, worker: int) -> Path:
    """Where the output of a worker goes, in the study's folder."""
    return folder / f"worker-{worker}.log"


def raise_if_failed(exit_code: int | None, log: Path) -> None:
    """Raise OverganError for the exit code 2, whose last line names the user's mistake, and WorkerError for others.

    exit_code: None while the worker is running, 0 if it finished.
    """
    if not exit_code:
        return
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it printed nothing"
    if exit_code == 2:
        raise OverganError(last)
    raise WorkerError(
        f"a worker ended with exit code {exit_code} ({last}); its output is in {log}; "
        "the same command goes on from the last checkpoint"
    )


def pass_on_notices(logs: Sequence[Path]) -> None:
    """Log the lines that overgan itself wrote into the workers' output, such as that kernels do not work, once each."""
    lines = [line for log in logs for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    for line in dict.fromkeys(line for line in lines if line.startswith("overgan: ")):
        logging.getLogger(__name__).warning(line)
