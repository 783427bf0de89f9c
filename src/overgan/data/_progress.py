"""What is told of long work."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is done, how many of how many


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Nothing is shown."""
