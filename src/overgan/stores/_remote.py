"""A store at an address: named objects, each of which is written whole or not at all."""

import errno
import inspect
import os
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, TypeVar

from overgan.errors import OverganError

T = TypeVar("T")
PATIENCE = 60.0  # seconds until a store is given up that cannot be reached
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0  # seconds before it is tried again
PACKAGES = {
    "s3": '"overgan[s3]"',
    "s3a": '"overgan[s3]"',
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
}
PAGES = ("http", "https")
# all waiting is done here, not in three layers; listings are never remembered; one request at a time reads a file, or
# its parts may be of two versions
S3 = {"use_listings_cache": False, "max_concurrency": 1, "config_kwargs": {"retries": {"total_max_attempts": 1}}}
OPTIONS: dict[str, dict[str, Any]] = {"s3": S3, "s3a": S3}
TAGS = ("ETag", "etag", "md5Hash", "generation", "mtime", "LastModified", "last_modified", "created")
PERMANENT = (errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.EROFS, errno.ENAMETOOLONG, getattr(errno, "EREMCHG", -1))
TRANSIENT_CODES = (
    "BadDigest",
    "IncompleteBody",
    "InvalidPart",
    "RequestTimeout",
)  # of S3, for a connection that was cut


class UnreachableError(OverganError):
    """A store that could not be reached for so long as there was patience."""


class Remote:
    """The objects at an address, by their names relative to it, such as k0008/checkpoint.json.

    What fails because of the network or the server is tried again, after waits that double, until the patience is used
    up: UnreachableError. What would fail again, such as a bucket that is not there, raises OverganError.
    """

    def __init__(self, address: str, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep):
        self.address, self.patience = address, patience
        self._sleep = sleep
        self._scheme, _, self._path = address.partition("://")

    @property
    def _files(self) -> Any:
        try:
            return _filesystem(self._scheme, os.getpid())
        except ImportError:
            package = PACKAGES.get(self._scheme, "the package that reads it")
            raise OverganError(f"{self.address} needs another package; pip install {package}") from None
        except ValueError:
            raise OverganError(
                f"{self.address}: no store of the kind {self._scheme}:// is known; s3:// and gs:// are"
            ) from None

    def tags(self, below: str = "", *, deep: bool = True) -> dict[str, str]:
        """The names of all objects below a folder of the store, and a tag of each, which changes with its content.

        deep: also of those in folders below it; if not, such a folder is a name of its own, with an empty tag.
        """
        found = self._try(lambda: _found(self._files, self._at(below), deep=deep))
        start = len(self._at(""))
        names = {str(name).strip("/")[start:].lstrip("/"): info for name, info in found.items()}
        return {name: _tag(info) for name, info in names.items() if _inside(name)}

    def size(self) -> int:
        """Bytes of all objects at the address."""
        return sum(int(info.get("size") or 0) for info in self._try(lambda: _found(self._files, self._at(""))).values())

    def read(self, name: str) -> bytes:
        """The content of an object. Raises FileNotFoundError if there is none of this name."""
        return bytes(self._try(lambda: self._files.cat_file(self._at(name))))

    def write(self, name: str, content: bytes) -> None:
        """Replace an object."""
        try:
            self._try(lambda: self._files.pipe_file(self._at(name), content))
        except FileNotFoundError as error:
            raise self._useless(error) from None

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one of this name; whether it was written. The content must be unique."""
        if not _creates(self._files):
            raise OverganError(f"{self.address}: such a store cannot keep two runs apart; use one at s3:// or gs://")

        def attempt() -> bool:
            try:
                self._files.pipe_file(self._at(name), content, mode="create")
            except Exception:  # there is one, which every store says otherwise, or the answer to this one was lost
                with suppress(FileNotFoundError):
                    return bytes(self._files.cat_file(self._at(name))) == content
                raise
            return True

        try:
            return self._try(attempt)
        except FileNotFoundError as error:
            raise self._useless(error) from None

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there are no error."""
        for name in names:
            try:
                self._try(partial(self._files.rm_file, self._at(name)))
            except FileNotFoundError:
                continue

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}".rstrip("/")

    def _useless(self, error: Exception) -> OverganError:
        return OverganError(f"{self.address} cannot be used ({_brief(error)}); check the address and your rights there")

    def _try(self, action: Callable[[], T]) -> T:
        start, wait = time.monotonic(), FIRST_WAIT
        while True:
            try:
                return action()
            except (FileNotFoundError, OverganError):
                raise
            except Exception as error:
                if _is_permanent(error):
                    raise self._useless(error) from None
                if time.monotonic() - start + wait > self.patience:
                    raise UnreachableError(
                        f"{self.address} cannot be reached ({_brief(error)}); the same command goes on"
                    ) from None
            self._sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - so that many workers do not come at once
            wait = min(2 * wait, LONGEST_WAIT)


@lru_cache(maxsize=16)
def _filesystem(scheme: str, _process: int) -> Any:
    import fsspec

    if scheme in PAGES:
        raise ValueError("pages are read, not written")
    files = fsspec.filesystem(scheme, skip_instance_cache=True, **OPTIONS.get(scheme, {}))
    if scheme in OPTIONS:
        files.retries = 1
    return files


def _creates(files: Any) -> bool:
    """Whether a file system has a way of its own to write only what is not there; fsspec's looks, then writes."""
    from fsspec import AbstractFileSystem

    own = getattr(type(files), "_pipe_file", type(files).pipe_file)
    return own is not AbstractFileSystem.pipe_file and "mode" in inspect.signature(own).parameters


def _found(files: Any, path: str, *, deep: bool = True) -> dict[str, Any]:
    files.invalidate_cache()
    try:
        return dict(files.find(path, detail=True)) if deep else {of["name"]: of for of in files.ls(path, detail=True)}
    except FileNotFoundError:
        return {}


def _inside(name: str) -> bool:
    """Whether a name in a store may be a file's in its mirror: it leads nowhere else, and is no folder."""
    parts = name.split("/")
    return "\\" not in name and "\0" not in name and all(parts) and not {".", ".."} & {*parts}


def _tag(info: dict[str, Any]) -> str:
    if info.get("type") == "directory":
        return ""
    tag = next((str(info[key]) for key in TAGS if info.get(key) is not None), "")
    return f"{info.get('size')} {tag}"


def _is_permanent(error: Exception) -> bool:
    if "redential" in type(error).__name__ or "Profile" in type(error).__name__:
        return True
    response = getattr(error.__cause__, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    if code in TRANSIENT_CODES:
        return False
    if isinstance(error, PermissionError | FileExistsError | IsADirectoryError | NotADirectoryError):
        return True
    status = getattr(error, "code", None)  # of HTTP, as gcsfs has it
    if isinstance(status, int) and 400 <= status < 500:
        return status not in (408, 429)
    return isinstance(error, TypeError | NotImplementedError) or getattr(error, "errno", None) in PERMANENT


def _brief(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines[0] else type(error).__name__
