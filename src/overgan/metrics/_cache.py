"""What is computed once and kept in a file."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from torch import Tensor

from overgan.disk import SavedTensors, read_tensors, write_tensors
from overgan.errors import OverganError


def kept(
    path: Path, compute: Callable[[], tuple[dict[str, Tensor], str]], fits: Callable[[SavedTensors], bool]
) -> SavedTensors:
    """What the file of tensors holds; if it is missing, damaged or does not fit, it is computed and written first.

    compute: gives the tensors and the identity that `write_tensors` takes. Processes wait for each other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        with suppress(OverganError):
            saved = read_tensors(path)
            if fits(saved):
                return saved
        write_tensors(path, *compute())
        return read_tensors(path)  # so that the layout in memory, and with it rounding, is always the same
