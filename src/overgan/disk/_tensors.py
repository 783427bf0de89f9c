"""Tensors on disk: a safetensors file that holds their checksum and, in one string, what they are."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch
from filelock import FileLock
from torch import Tensor

from overgan.disk._files import sha256, write_atomic
from overgan.errors import OverganError

METADATA = "overgan"  # a single key: safetensors writes several in any order


class SavedTensors(NamedTuple):
    """What a file of tensors holds."""

    tensors: dict[str, Tensor]
    identity: str  # what they are or were computed from, as the writer gave it
    checksum: str  # SHA-256 of the tensors as safetensors lays them out, in hexadecimal


def write_tensors(path: Path, tensors: dict[str, Tensor], identity: str = "") -> str:
    """Replace the file at path atomically, and return the tensors' checksum.

    identity: what they are or were computed from, in any words.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    checksum = sha256(safetensors.torch.save(tensors))
    write_atomic(path, safetensors.torch.save(tensors, {METADATA: f"{identity} {checksum}"}))
    return checksum


def read_tensors(path: Path, checksum: str | None = None, mend: str = "remove it to begin again") -> SavedTensors:
    """What `write_tensors` wrote, or a file without its metadata, whose checksum is known from elsewhere.

    checksum: that the tensors must have, by default the one in the file.
    mend: what the user can do about a file that is missing or damaged, for the error.

    Raises OverganError if the file is missing, cannot be read or has another checksum.
    """
    try:
        with safetensors.safe_open(path, "pt") as content:
            identity, _, written = (content.metadata() or {}).get(METADATA, "").rpartition(" ")
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, safetensors.SafetensorError) as error:
        raise OverganError(f"{path} cannot be read ({error}); {mend}") from None
    found = sha256(safetensors.torch.save(tensors))
    if found != (checksum or written):
        raise OverganError(f"{path} is damaged: its checksum is wrong; {mend}")
    return SavedTensors(tensors, identity, found)


def kept_tensors(
    path: Path, compute: Callable[[], tuple[dict[str, Tensor], str]], fits: Callable[[SavedTensors], bool]
) -> SavedTensors:
    """What the file at path holds; if it is missing, damaged or does not fit, it is computed and written first.

    compute: gives the tensors and the identity that `write_tensors` takes. Processes wait for each other.
    fits: may raise OverganError if the identity is damaged.

    Damage is told in a notice; so is a folder that cannot be written, and what was computed is then not kept.
    """
    with _locked(path) as unusable:
        if saved := _whole(path, fits):
            return saved
        tensors, identity = compute()
        try:
            if unusable:
                raise unusable
            write_tensors(path, tensors, identity)
        except OSError as error:
            reason = error.strerror or error
            logging.getLogger(__name__).warning(
                f"overgan: {path.parent} cannot be written ({reason}), so every process computes what it would keep"
            )
            return _as_read(tensors, identity)
        return read_tensors(path)  # so that the layout in memory, and with it rounding, is always the same


@contextmanager
def _locked(path: Path) -> Iterator[OSError | None]:
    """Hold the lock of the file at path; yields why it cannot be had, if it cannot."""
    lock, unusable = FileLock(path.with_suffix(".lock")), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        unusable = error
    try:
        yield unusable
    finally:
        lock.release()


def _whole(path: Path, fits: Callable[[SavedTensors], bool]) -> SavedTensors | None:
    if path.exists():
        try:
            saved = read_tensors(path, mend="it is computed again")
            if fits(saved):
                return saved
        except OverganError as error:
            logging.getLogger(__name__).warning(f"overgan: {error}")
    return None


def _as_read(tensors: dict[str, Tensor], identity: str) -> SavedTensors:
    """What `read_tensors` gives of what `write_tensors` writes."""
    content = safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    loaded = {name: tensor.clone() for name, tensor in safetensors.torch.load(content).items()}
    return SavedTensors(loaded, identity, sha256(content))
