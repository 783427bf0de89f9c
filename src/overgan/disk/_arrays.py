"""Arrays of .npy and .npz files that may be anybody's: what a header declares is checked before memory is taken."""

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from overgan.memory import check_memory

DAMAGED = (  # what NumPy, zipfile and the decompressor raise for bytes that are no good
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others give more than is asked for, all at once
BLOCK = 2**24  # bytes that are unpacked at once


class NpzArrays(Mapping[str, np.ndarray]):
    """The arrays of an open .npz file by name, each read when it is asked for, and never from a pickle.

    Raises ValueError for what is damaged, holds objects or declares more than it has, and OverganError for an array
    that is larger than the machine's memory.
    """

    def __init__(self, stream: IO[bytes] | BufferedIOBase):
        with _explained():
            self._archive = zipfile.ZipFile(stream)
        self._members = {member.filename.removesuffix(".npy"): member for member in self._archive.infolist()}

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members  # without reading it

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __getitem__(self, name: str) -> np.ndarray:
        member = self._members[name]
        if member.compress_type not in METHODS:
            raise ValueError(f"{name} is compressed in another way than NumPy does")
        with _explained(), self._archive.open(member) as file:
            shape, dtype, order = _header(file, member.file_size)
            size = math.prod(shape) * dtype.itemsize
            check_memory(size, name, f"an array {shape}")
            content: np.ndarray = np.empty(size, np.uint8)
            for start in range(0, size, BLOCK):
                block = file.read(min(BLOCK, size - start))
                if len(block) < min(BLOCK, size - start):
                    raise EOFError("it ends too early")
                content[start : start + BLOCK] = np.frombuffer(block, np.uint8)
            return content.view(dtype).reshape(shape, order=order)


def mapped_array(path: Path) -> np.ndarray:
    """The array of a .npy file, as pages of the file. Raises ValueError as NpzArrays does, and OSError."""
    with _explained(), path.open("rb") as file:
        shape, dtype, order = _header(file, path.stat().st_size)
        return np.memmap(path, dtype, "r", file.tell(), shape, order)


def _header(file: IO[bytes] | BufferedIOBase, there: int) -> tuple[tuple[int, ...], np.dtype[Any], Literal["C", "F"]]:
    """Shape, type and order of the numbers that follow, of which with the header so many bytes are there."""
    read = HEADERS.get(np.lib.format.read_magic(file))
    if read is None:
        raise ValueError("it is in a format for more than plain numbers")
    shape, transposed, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded")
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or size > there:
        raise ValueError(f"its header says {size:,} bytes, but there are {there:,}")
    return shape, dtype, "F" if transposed else "C"


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise ValueError(str(error) or type(error).__name__) from None
