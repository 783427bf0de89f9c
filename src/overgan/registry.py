"""Things that a spec or the command line names: overgan's own, imported at their first use, and the user's."""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from overgan.errors import OverganError, did_you_mean
from overgan.own import explained, is_own, load_entry, load_function

T = TypeVar("T")
OWN = "package.module:name of your own"


class Registry(Generic[T]):
    """Values of one type by name; a name that is written as package.module:name is the user's own value.

    what: what they are, such as "metric", for errors.
    value_type: their type, or where it lies, as package.module:name, for one whose module takes seconds to import.
    entries: where each of overgan's own lies, as package.module:name; to add one is to add a line.
    synonyms: other names that are understood, and the entries that they stand for.
    elsewhere: names of another registry, which is asked for them, and why this one does not have them, in words.
    """

    def __init__(
        self,
        what: str,
        value_type: type[T] | str,
        entries: dict[str, str],
        synonyms: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, str] | None = None,
    ):
        self.what, self.value_type, self.entries = what, value_type, entries
        self.synonyms, self.elsewhere = synonyms or {}, elsewhere or {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def known(self, name: str) -> str:
        """The name, or what it is a synonym of, without importing its value. Raises OverganError if there is none."""
        name = self.synonyms.get(name, name)
        if name in self.elsewhere:
            raise OverganError(f"{name} {self.elsewhere[name]}")
        if name not in self.entries and not is_own(name):
            names = [*self.entries, *self.synonyms, *self.elsewhere, OWN]
            raise OverganError(f"no {self.what} {name}{did_you_mean(name, names)}")
        return name

    def __getitem__(self, name: str) -> T:
        """The value. Raises OverganError if there is none of that name, or the user's is missing or of another type."""
        given = self.value_type
        needed: type[T] = load_entry(given, self.what) if isinstance(given, str) else given
        known = self.known(name)
        entry = self.entries.get(known)
        value: Any = load_function(known, self.what) if entry is None else load_entry(entry, self.what)
        if callable(value) and not isinstance(value, needed):
            with explained(f"{self.what}: {name} fails"):
                value = value()  # a factory
        if not isinstance(value, needed):
            raise OverganError(f"{self.what}: {name} is a {type(value).__name__}; a {needed.__name__} is needed")
        return value
