"""What workers printed."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def log_file(folder: Path, worker: int) -> Path:
    """Where the output of a worker goes, in the study's folder."""
    return folder / f"worker-{worker}.log"


def pass_on_notices(logs: Sequence[Path]) -> None:
    """Log the lines that overgan itself wrote into the workers' output, such as that kernels do not work, once each."""
    lines: list[str] = []
    for log in logs:
        with suppress(OSError):  # the folder may be gone
            lines += log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in dict.fromkeys(line for line in lines if line.startswith("overgan: ")):
        logging.getLogger(__name__).warning(line)
