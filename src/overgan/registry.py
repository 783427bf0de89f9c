"""Things that a spec or the command line names: overgan's own, imported at their first use, and the user's."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from overgan.errors import OverganError, did_you_mean
from overgan.own import explained, is_own, load_function

T = TypeVar("T")
OWN = "package.module:name of your own"


class Registry(Generic[T]):
    """Values of one type by name; a name that is written as package.module:name is the user's own value.

    what: what they are, such as "metric", for errors.
    value_type: their type, or where it lies, as package.module:Type, so that it is not imported before a value is.
    entries: where each of overgan's own lies, as package.module:name; to add one is to add a line.
    """

    def __init__(self, what: str, value_type: type[T] | str, entries: dict[str, str]):
        self.what, self.value_type, self.entries = what, value_type, entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def known(self, name: str) -> str:
        """The same name, without importing its value. Raises OverganError if there is no such value."""
        if name not in self.entries and not is_own(name):
            raise OverganError(f"no {self.what} {name}{did_you_mean(name, [*self.entries, OWN])}")
        return name

    def __getitem__(self, name: str) -> T:
        """The value. Raises OverganError if there is none of that name, or the user's is missing or of another type."""
        value_type = self.value_type
        if isinstance(value_type, str):
            value_type = load_function(value_type, self.what)
        value: Any = load_function(self.entries.get(self.known(name), name), self.what)
        if callable(value) and not isinstance(value, value_type):
            with explained(f"{self.what}: {name} fails"):
                value = value()  # a factory
        if not isinstance(value, value_type):
            found, needed = type(value).__name__, value_type.__name__
            raise OverganError(f"{self.what}: {name} is a {found}; a {needed} is needed")
        return value
