"""Tables that are replaced as a whole: JSON Lines, the first of which has the number of rows and their checksum."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from overgan.disk._files import content_of, parsed_lines, sha256, to_lines, write_atomic
from overgan.errors import OverganError

HEAD = {"checksum", "rows"}


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace a table, atomically. Raises ValueError on NaN and infinity, which JSON lacks."""
    rows = list(rows)
    lines = to_lines(rows)
    write_atomic(path, to_lines([{"checksum": sha256(lines), "rows": len(rows)}]) + lines)


def read_table(path: Path, mend: str = "restore it from a copy") -> list[dict[str, Any]]:
    """The rows of a table, none if it is missing. Older versions wrote no first line.

    mend: what the user can do about a damaged one, for the error.

    Raises OverganError if it is damaged.
    """
    if not path.exists():
        return []
    try:
        content = content_of(path)
        first, _, rows = content.partition(b"\n")
        head = json.loads(first)
        if HEAD & set(head):
            if head != {"checksum": sha256(rows), "rows": rows.count(b"\n")}:
                raise ValueError("its checksum is wrong")
        else:
            rows = content
        return parsed_lines(rows)
    except (ValueError, TypeError, RecursionError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); {mend}") from None
