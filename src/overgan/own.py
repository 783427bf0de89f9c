"""Functions of the user's own, which the command line or a spec names as `package.module:function`."""

import importlib
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from overgan.errors import OverganError

_ALLOWED: ContextVar[frozenset[str] | None] = ContextVar("_ALLOWED", default=None)  # names; None: every one


def is_own(name: str) -> bool:
    """Whether a name is written as package.module:function."""
    return bool(re.fullmatch(r"[\w.]+:\w+", name))


def load_function(name: str, what: str) -> Any:
    """The function, or whatever has that name; modules in the current folder are found too.

    That folder comes first while a module of the user's own is imported, as it does for a script, and last from then
    on: no file there is taken for what overgan, Python or an installed package imports.

    what: the key or option that names it. Raises OverganError if it cannot be imported, or may not (`importing_only`).
    """
    allowed = _ALLOWED.get()
    if allowed is not None and name not in allowed:
        raise OverganError(
            f"{what}: {name} is a module, whose code would be run; look at it, then trust the folder with {{argument}}",
            "trust",
        )
    module, _, function = name.partition(":")
    with explained(f"{what}: {name} cannot be imported"):
        if module.partition(".")[0] == __package__:
            return getattr(importlib.import_module(module), function)
        folder = str(Path.cwd())
        sys.path.insert(0, folder)
        try:
            return getattr(importlib.import_module(module), function)
        finally:
            sys.path.remove(folder)
            if folder not in sys.path:
                sys.path.append(folder)


@contextmanager
def importing_only(names: Collection[str] | None) -> Iterator[None]:
    """Meanwhile no module of a user's is imported but for these names; None: for any, as is so elsewhere.

    It is what makes a folder or spec of a stranger's data alone: names that it holds are not of those.
    """
    before = _ALLOWED.set(None if names is None else frozenset(names))
    try:
        yield
    finally:
        _ALLOWED.reset(before)


def load_entry(name: str, what: str) -> Any:
    """What a line of overgan's own names as package.module:name. Raises OverganError if it cannot be imported."""
    with importing_only(None):
        return load_function(name, what)


def later(name: str) -> Any:
    """A function that imports package.module:function of overgan's own when it is called, and calls it."""
    return lambda *arguments: load_entry(name, name)(*arguments)


@contextmanager
def explained(what: str, *passed_on: type[Exception]) -> Iterator[None]:
    """Whatever the user's code raises, but passed_on, becomes an OverganError of one line that begins with `what`."""
    try:
        yield
    except passed_on:
        raise
    except Exception as error:
        raise OverganError(f"{what} ({type(error).__name__}: {' '.join(str(error).split())})") from None
