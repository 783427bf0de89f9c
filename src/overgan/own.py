"""Functions of the user's own, named as package.module:function."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from overgan.errors import OverganError


def is_own(name: str) -> bool:
    """Whether it is written as package.module:function."""
    return bool(re.fullmatch(r"[\w.]+:\w+", name))


def import_own(name: str, setting: str) -> Callable[..., Any]:
    """The function that `package.module:function` names; modules in the current folder are found too.

    setting: where the name stands, for errors. Raises OverganError if it cannot be imported.
    """
    module, _, function = name.partition(":")
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    with explained(f"{setting}: {name} cannot be imported"):
        try:
            found: Callable[..., Any] = getattr(importlib.import_module(module), function)
        finally:
            sys.path.remove(folder)
    return found


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Whatever the user's code raises, as one line."""
    try:
        yield
    except Exception as error:
        raise OverganError(f"{what} ({type(error).__name__}: {' '.join(str(error).split())})") from None
