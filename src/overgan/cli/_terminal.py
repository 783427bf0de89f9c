"""What the command shows on a terminal."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from overgan.study import GroupStatus
from overgan.words import counted, number

console = Console(highlight=False, soft_wrap=True)


def print_table(columns: list[str], rows: Iterable[list[str]], *, unbroken: int = 0) -> None:
    """Print a table; the cells of as many columns as `unbroken` says, from the left, stay on one line."""
    table = Table(*(Column(head, no_wrap=i < unbroken) for i, head in enumerate(columns)), box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*row)
    console.print(table)


@contextmanager
def watch_groups() -> Iterator[Callable[[list[GroupStatus]], None]]:
    """What shows the groups' status while they are trained: live bars on a terminal, else a line a finished group."""
    if not console.is_terminal:
        yield _print_finished()
        return
    fields = (TextColumn(f"{{task.fields[{name}]}}") for name in ("speed", "left", "result"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *fields)
    progress = Progress(*columns, console=console)
    tasks: dict[int, TaskID] = {}

    def watch(groups: list[GroupStatus]) -> None:
        if not tasks:
            preparing.stop()
            progress.start()
        for group in groups:
            beside = _beside(group)
            if group.width not in tasks:
                tasks[group.width] = progress.add_task(f"k = {group.width}", total=group.total, **beside)
            progress.update(tasks[group.width], completed=group.done, **beside)

    with console.status("preparing: images, feature networks that are not cached yet, workers") as preparing:
        try:
            yield watch
        finally:
            progress.stop()


def _beside(group: GroupStatus) -> dict[str, Any]:
    """What stands beside the bar of a group."""
    pace = group.seconds_each
    left = pace * (group.total - group.done) if pace else 0
    return {
        "speed": f"{1 / pace:.1f} {group.unit}s/s" if pace else "waiting",
        "left": f"{duration(left)} left" if left else "",
        "result": group.result,
    }


def _print_finished() -> Callable[[list[GroupStatus]], None]:
    printed: set[int] = set()

    def watch(groups: list[GroupStatus]) -> None:
        for group in groups:
            if group.complete and group.width not in printed:
                printed.add(group.width)
                console.print(
                    f"k = {group.width}: {group.done:,} {group.unit}s in {duration(group.seconds)}, {group.result}, "
                    f"{group.diverged} diverged"
                )

    return watch


def duration(seconds: float) -> str:
    """Two leading units, such as 3 min 20 s; two digits below 10 s."""
    units = [("year", 365 * 86400), ("day", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    if seconds < 10 or not math.isfinite(seconds):
        return f"{number(seconds, 2)} s"
    seconds = round(seconds)
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append(counted(count, name) if name in ("year", "day") else f"{count} {name}")
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
    Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print(f"overgan: {message}")
    sys.exit(code)
