"""Files inside a tar or zip file, read when they are asked for and never unpacked to disk."""

import lzma
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import Image

from overgan.data._split import ARCHIVES
from overgan.disk import METHODS
from overgan.errors import OverganError

DAMAGED = (  # what Pillow, tarfile, zipfile, NumPy and the decompressors raise for files that are no good
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    OverflowError,
    NotImplementedError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
    lzma.LZMAError,
    tarfile.TarError,
    Image.DecompressionBombError,
)
LARGEST = 256 * 2**20  # bytes of a file in an archive: a few packed ones may stand for more than the memory
LARGEST_HEADER = 2**20  # bytes of a name or other header in a tar file, which is read at once
SIP = 4096  # bytes
HEADERS = (*tarfile.GNU_TYPES, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
ENCRYPTED = 1  # bit of a zip member's flags

Entry = tuple[PurePosixPath, Callable[[], bytes]]


def archived(path: Path, archives: ExitStack) -> Iterator[Entry]:
    """Every file in a .zip file, or in any other, which is taken for a tar file, that is not hidden.

    archives: closes the archive. Raises OverganError if it cannot be read; so does reading a file that is encrypted, or
    larger than LARGEST.
    """
    kind, members = ("zip", _zip) if path.suffix.lower() == ".zip" else ("tar", _tar)
    try:
        for name, size, read in members(path, archives):
            if not is_hidden(name):
                yield name, read if size <= LARGEST else partial(_refuse, path, name, size)
    except OverganError:
        raise
    except DAMAGED as error:
        no_format = isinstance(error, tarfile.ReadError) and "\n" in str(error)
        if no_format and not path.name.lower().endswith(ARCHIVES):
            raise OverganError(
                f"{path} holds no images; name a folder of images, or a tar, zip, .npy, .npz or .parquet file"
            ) from None
        raise OverganError(
            f"{path} cannot be read as a {kind} file ({'in no format of tar' if no_format else error}); make or "
            "download it again, or unpack it and name the folder"
        ) from None


def is_hidden(path: PurePosixPath) -> bool:
    """Whether a file is one that no user means: its name, or a folder's, begins with a dot, or with __MACOSX."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


class _Header(tarfile.TarInfo):
    """A header of a tar file, refused if more headers follow than any file of images has."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        header = super().frombuf(buf, encoding, errors)
        if header.type in HEADERS and header.size > LARGEST_HEADER:
            raise OverganError(f"a header of {header.size / 2**20:,.0f} MiB, which no file of images has; refused")
        return header


def _tar(path: Path, archives: ExitStack) -> Iterator[tuple[PurePosixPath, int, Callable[[], bytes]]]:
    def read(member: tarfile.TarInfo) -> bytes:
        file = archive.extractfile(member)
        assert file is not None  # noqa: S101 - only None for what is no file
        return file.read()

    try:
        archive = archives.enter_context(tarfile.open(path, tarinfo=_Header))  # noqa: SIM115 - the stack closes it
        members = archive.getmembers()
    except OverganError as error:
        raise OverganError(f"{path}: {error}") from None
    for member in members:
        if member.isfile():
            yield PurePosixPath(member.name), member.size, partial(read, member)


def _zip(path: Path, archives: ExitStack) -> Iterator[tuple[PurePosixPath, int, Callable[[], bytes]]]:
    archive = archives.enter_context(zipfile.ZipFile(path))
    for member in archive.infolist():
        if member.flag_bits & ENCRYPTED:
            raise OverganError(f"{path}: {member.filename} is encrypted; unpack the file and name the folder")
        if not member.is_dir():
            yield PurePosixPath(member.filename), member.file_size, partial(_unzipped, archive, member)


def _unzipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """As many bytes as were declared, whatever there are."""
    if member.compress_type not in (*METHODS, zipfile.ZIP_LZMA):  # bzip2 makes a gigabyte of a kilobyte at once
        raise NotImplementedError("it is neither deflated nor stored; zip it again")
    with archive.open(member) as file:
        if member.compress_type in METHODS:
            return file.read(member.file_size)
        return b"".join(iter(partial(file.read, SIP), b""))  # at once, LZMA unpacks all that was read


def _refuse(path: Path, name: PurePosixPath, size: int) -> bytes:
    most = LARGEST // 2**20
    raise OverganError(f"{path}: {name} has {size / 2**20:,.0f} MiB, unpacked; of no image more than {most} are read")
