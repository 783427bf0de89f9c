"""Files that a kill at any instant cannot damage: written beside their place, then renamed into it."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from overgan.errors import OverganError

LARGEST = 2**30  # bytes of a text file that is read


def write_atomic(path: Path, content: bytes) -> None:
    """Replace the file at path by content, or leave it as it was; never anything between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)  # mkstemp's 0600 would hide results from the user's colleagues
        Path(temporary).replace(path)
        _sync(path.parent, os.O_RDONLY)  # its new name, too, is there after a power cut
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def unfinished_write_of(found: str, name: str) -> bool:
    """Whether a file called `found` is what `write_atomic` leaves of the file `name` if it is killed."""
    return bool(re.fullmatch(rf"\.{re.escape(name)}\.[a-z0-9_]{{8}}", found))


def write_json(path: Path, value: Any) -> None:
    """Write value as indented JSON, atomically. Raises ValueError on NaN and infinity, which JSON lacks."""
    write_atomic(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises OverganError if it is missing or not JSON."""
    try:
        return json.loads(content_of(path))
    except FileNotFoundError:
        raise OverganError(f"{path} is missing; is {path.parent} the folder of a study?") from None
    except NotADirectoryError:
        raise OverganError(f"{path.parent} is a file; name the folder of a study") from None
    except (ValueError, RecursionError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); restore it from a copy") from None


def content_of(path: Path) -> bytes:
    """The content of a file of text. Raises ValueError if it is too large: a hole in one may stand for any memory."""
    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(f"it has {size / 2**20:,.0f} MiB; at most {LARGEST // 2**20:,} are read")
    return path.read_bytes()


def append_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Append one line of JSON a row, in a single write. Raises ValueError on NaN and infinity, which JSON lacks."""
    with path.open("a", encoding="utf-8") as file:
        file.write(_lines(rows))


def sync(path: Path) -> bytes:
    """Make a file that was appended to durable against a power cut, and read it."""
    _sync(path, os.O_RDWR)
    return path.read_bytes()


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace a JSON Lines file, atomically. Raises ValueError on NaN and infinity, which JSON lacks."""
    write_atomic(path, _lines(rows).encode())


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file, none if it is missing; a last line cut short by a kill is left out."""
    if not path.exists():
        return []
    try:
        whole, _, _ = content_of(path).decode().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]
    except (ValueError, RecursionError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); restore it from a copy") from None


def sha256(content: bytes) -> str:
    """The SHA-256 checksum of content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The SHA-256 checksum of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)
