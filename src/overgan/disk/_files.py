"""Files that a kill at any instant cannot damage: written beside their place, then renamed into it."""

import errno
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from overgan.errors import OverganError

OF_MACHINE = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ECHILD}  # of disks there are many more
LARGEST = 2**30  # bytes of a text file that is read


def write_atomic(path: Path, content: bytes, *, folder_too: bool = True) -> None:
    """Replace the file at path by content, or leave it as it was; never anything between.

    folder_too: whether its folder is made if it is not there; none above is: what was removed does not come back.
    """
    if folder_too:
        path.parent.mkdir(exist_ok=True)
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


def cannot_write(folder: Path, error: OSError, mend: str = "make room, or make it writable") -> str:
    """What failed, of an error while something was written below the folder, or in the cache, and how to mend it.

    What has to do with no file, such as a limit of processes or a connection, is said alone.
    """
    cache = user_cache_path("overgan")
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder
    reason = error.strerror or error
    if error.errno in OF_MACHINE or isinstance(error, ConnectionError):
        return f"the machine refuses: {reason}"
    if path.is_relative_to(cache):
        return f"the cache folder {cache} cannot be used ({reason}); mend that, or name another with XDG_CACHE_HOME"
    if path == folder or (folder.parts and path.absolute().is_relative_to(folder.absolute())):
        return f"{folder} cannot be written ({reason}); {mend}"
    return f"{path} cannot be used ({reason})"


def unfinished_write_of(found: str, name: str) -> bool:
    """Whether a file called `found` is what `write_atomic` leaves of the file `name` if it is killed."""
    return bool(re.fullmatch(rf"\.{re.escape(name)}\.[a-z0-9_]{{8}}", found))


def remove_unfinished(folder: Path, pattern: str) -> None:
    """Remove what killed writes of files of that pattern left in their folder; nobody may be writing them now."""
    for path in folder.glob(f".{pattern}.????????"):
        if re.fullmatch(r"[a-z0-9_]{8}", path.name[-8:]):
            path.unlink(missing_ok=True)


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder; links are not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # removed by whoever works there
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - thousands of paths
    return total


def write_json(path: Path, value: Any) -> None:
    """Write value as indented JSON, atomically; an object gets its checksum as its last key.

    Raises ValueError on NaN and infinity, which JSON lacks.
    """
    write_atomic(path, to_json(value))


def to_json(value: Any) -> bytes:
    """What `write_json` writes."""
    if isinstance(value, dict):
        value = value | {"checksum": _checksum(value)}
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def read_json(path: Path, mend: str = "restore it from a copy") -> Any:
    """The value of a JSON file, without its checksum, which older versions did not write.

    mend: what the user can do about a damaged one, for the error.

    Raises OverganError if it is missing, no JSON, or has another checksum.
    """
    try:
        value = json.loads(content_of(path))
    except FileNotFoundError:
        raise OverganError(f"{path} is missing; is {path.parent} the folder of a study?") from None
    except NotADirectoryError:
        raise OverganError(f"{path.parent} is a file; name the folder of a study") from None
    except (ValueError, RecursionError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); {mend}") from None
    if isinstance(value, dict) and "checksum" in value and value.pop("checksum") != _checksum(value):
        raise OverganError(f"{path} is damaged (its checksum is wrong); {mend}")
    return value


def _checksum(value: dict[str, Any]) -> str:
    """Of what JSON keeps of an object, whatever the order of its keys."""
    return sha256(json.dumps(json.loads(json.dumps(value)), sort_keys=True).encode())


def content_of(path: Path) -> bytes:
    """The content of a file of text. Raises ValueError if it is too large: a hole in one may stand for any memory."""
    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(f"it has {size / 2**20:,.0f} MiB; at most {LARGEST // 2**20:,} are read")
    return path.read_bytes()


def append_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Append one line of JSON a row, in a single write. Raises ValueError on NaN and infinity, which JSON lacks."""
    with path.open("ab") as file:
        file.write(to_lines(rows))


def sync(path: Path) -> bytes:
    """Make a file that was appended to durable against a power cut, and read it."""
    _sync(path, os.O_RDWR)
    return path.read_bytes()


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace a JSON Lines file, atomically. Raises ValueError on NaN and infinity, which JSON lacks."""
    write_atomic(path, to_lines(rows))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file, none if it is missing; a last line cut short by a kill is left out."""
    if not path.exists():
        return []
    try:
        return parsed_lines(content_of(path))
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


def to_lines(rows: Iterable[dict[str, Any]]) -> bytes:
    """JSON Lines. Raises ValueError on NaN and infinity, which JSON lacks."""
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()


def parsed_lines(content: bytes) -> list[dict[str, Any]]:
    """The rows of all lines but a last one without an end. Raises ValueError if one is no JSON."""
    *whole, _ = content.split(b"\n")
    return [json.loads(line) for line in whole]
