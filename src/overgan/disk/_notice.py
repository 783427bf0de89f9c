"""Notices of damage: each is told once, however often the file is read."""

import logging
from functools import lru_cache
from pathlib import Path


def notice(message: str, *paths: Path) -> None:
    """Warn of what was found in files at paths, or that one is missing, once for each time that they were written."""
    _tell(message, *(path.stat().st_mtime_ns if path.exists() else 0 for path in paths))


@lru_cache(maxsize=1000)
def _tell(message: str, *_written: int) -> None:
    logging.getLogger(__name__).warning(f"overgan: {message}")
