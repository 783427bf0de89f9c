"""A shallow GAN from a file."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from overgan.errors import OverganError
from overgan.theory.shallow._gan import ShallowGAN

NAMES = ("Z", "V", "W0", "target")
MEND = "write it with numpy.savez(path, Z=, V=, W0=, target=)"


def load_problem(path: str | Path) -> ShallowGAN:
    """The problem of an .npz file with the arrays Z (n, d), V (m, k), W0 (k, d) and target (m,); no code in it is run.

    Raises OverganError if the file is missing or no .npz, or an array is missing, of the wrong shape or no numbers.
    """
    try:
        with Path(path).open("rb") as handle, np.load(handle) as file:
            present = file.files
            arrays = {name: file[name] for name in NAMES if name in present}
    except FileNotFoundError:
        raise OverganError(f"{path} is missing; {MEND}") from None
    except (OSError, ValueError, AttributeError, TypeError, EOFError, BadZipFile) as error:
        raise OverganError(f"{path} is not a problem: {error}; {MEND}") from None
    for name in NAMES:
        if name not in arrays:
            raise OverganError(f"{path} has no array {name}; it needs {', '.join(NAMES)}, has {present}")
        if arrays[name].dtype.kind not in "fiu":
            raise OverganError(f"{path}: {name} is of type {arrays[name].dtype}; it must hold real numbers")
    try:
        return ShallowGAN(**arrays)
    except (OverganError, TypeError) as error:  # the latter where shapes are checked at every call
        raise OverganError(f"{path} is not a problem: {error}; {MEND}") from None
