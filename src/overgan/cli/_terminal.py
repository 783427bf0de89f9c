"""What the command shows on a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

console = Console(highlight=False, soft_wrap=True)


def print_table(columns: list[str], rows: Iterable[list[str]], *, unbroken: int = 0) -> None:
    """Print a table; the cells of as many columns as `unbroken` says, from the left, stay on one line."""
    table = Table(*(Column(head, no_wrap=i < unbroken) for i, head in enumerate(columns)), box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def duration(seconds: float) -> str:
    """Two leading units, such as 3 min 20 s; two digits below 10 s."""
    units = [("years", 365 * 86400), ("days", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    if seconds < 10:
        return f"{seconds:.2g} s"
    seconds = round(seconds)
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


@contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on the error output for what takes longer than a moment; it is gone in the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    errors = Console(stderr=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def fail(message: str, code: int) -> NoReturn:
    """Print one line on the error output, and end with the exit code."""
    with suppress(OSError):  # the terminal may be gone
        Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print(f"overgan: {message}")
    sys.exit(code)
