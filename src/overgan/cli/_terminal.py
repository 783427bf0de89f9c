"""What the command shows on a terminal."""

import json
import logging
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import Any, NoReturn

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from overgan.study import GroupStatus
from overgan.words import counted, number

MOMENT = 2.0  # seconds
PLAIN: Any = {"highlight": False, "soft_wrap": True, "markup": False, "emoji": False}  # paths may have [ ] and :
# what moves the cursor, turns the text around or is no character, as it may stand in names of files and studies
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with its code in place of every such character."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Console(Console):
    """One that prints what is printable."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(printable(each) if isinstance(each, str) else each for each in objects), **options)


class _Notices(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def print_notices() -> None:
    """Have what is logged printed as it is, where nobody has asked for anything else."""
    if logging.lastResort:
        logging.lastResort.setFormatter(_Notices())


console, errors = _Console(**PLAIN), _Console(**PLAIN, stderr=True)


def print_table(columns: list[str], rows: Iterable[list[str]], *, unbroken: int = 0) -> None:
    """Print a table; the cells of as many columns as `unbroken` says, from the left, stay on one line."""
    cells = [list(map(printable, row)) for row in (columns, *rows)]
    table = Table(box=SIMPLE_HEAD)
    for i, (head, width) in enumerate(zip(cells[0], _widths(cells, unbroken), strict=True)):
        table.add_column(head, no_wrap=i < unbroken, overflow="fold", width=width)
    for row in cells[1:]:
        table.add_row(*row)
    console.print(table)


def _widths(rows: list[list[str]], unbroken: int) -> Sequence[int | None]:
    """Those of the columns by which the lines fit and no word is broken; of no number where Rich must break some."""
    columns = list(zip_longest(*rows, fillvalue=""))
    whole = [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]
    words = [max(cell_len(word) for cell in column for word in ["", *cell.split()]) for column in columns]
    widths = [*whole[:unbroken], *words[unbroken:]]
    room = console.width - 3 * len(columns) - 1  # the box's edges, and what is between its columns
    if sum(widths) > room:
        return [None] * len(columns)
    while sum(widths) < min(room, sum(whole)):
        widths[max(range(len(widths)), key=lambda i: whole[i] - widths[i])] += 1
    return widths


def pace(group: GroupStatus) -> str:
    """The speed of a group, such as 12.3 iterations/s, of all its replicas together; a dash before it is known."""
    return f"{number(group.per_second)} {group.unit}s/s" if group.per_second else "–"


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
def bar(*, line: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on the error output for what takes longer than a moment; it is gone in the end.

    line: where there is no terminal, one line says what it is that takes longer.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=None)
        began, said = 0.0, errors.is_terminal or not line

        def show(what: str, done: int, total: int) -> None:
            nonlocal began, said
            progress.update(task, description=printable(what), completed=done, total=total)
            began = began or time.monotonic()
            if not said and time.monotonic() - began > MOMENT:
                said = True
                errors.print(f"{what}: {done:,} of {total:,}")

        yield show


def print_json(data: object) -> None:
    """Print JSON, and nothing else; what is no number, or not finite, is null."""
    print(printable(json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def fail(message: str, code: int) -> NoReturn:
    """Print one line on the error output, and end with the exit code."""
    with suppress(OSError):  # the terminal may be gone
        errors.print("overgan: " + r"\n".join(message.splitlines()))
    sys.exit(code)
