"""A folder of a mirror and the same folder of its store: what changed is fetched, or sent, and its index comes last.

What is on both sides is remembered in .mirror/known.json: of each file the store's tag, and its size and time here.
The store is the truth: where its index has changed since, what changed here gives way. Where not, this side is ahead.
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overgan.disk import read_json, try_lock, write_atomic, write_json
from overgan.errors import OverganError
from overgan.stores._remote import Remote, UnreachableError

MEMORY, KNOWN = ".mirror", "known.json"
TRIES = 5  # while the other side goes on writing
Known = dict[str, dict[str, Any]]  # name -> the tag in the store, None if it is not known, and the stamp here


@dataclass(frozen=True)
class Part:
    """A folder of a study that has an index of its own. One process at a time may pull or push it: see `alone`."""

    remote: Remote
    folder: Path  # in the mirror
    below: str  # its name in the store, empty for the study's folder itself
    indices: tuple[str, ...]  # what is written last, in this order: who reads the last one finds the rest
    deep: bool = True  # whether folders in it belong to it

    @contextmanager
    def alone(self, timeout: float = 0.0) -> Iterator[bool]:
        """Keep other processes of this machine away; yields whether that could be had within timeout seconds."""
        with try_lock(self.folder / MEMORY, timeout) as free:
            yield free

    def in_store(self, listing: dict[str, str] | None = None) -> dict[str, str]:
        """The names of its objects, relative to it, and their tags. listing: of the store, if it was just made."""
        found = self.remote.tags(self.below, deep=self.deep) if listing is None else listing
        names = {name.removeprefix(self._at("")): tag for name, tag in found.items() if name.startswith(self._at(""))}
        return {name: tag for name, tag in names.items() if tag and self._has(name)}

    def here(self) -> dict[str, list[int]]:
        """The names of its files, relative to it, each with a stamp that changes with its content."""
        found = {}
        for folder, below, files in os.walk(self.folder):
            inside = Path(folder).relative_to(self.folder)
            below[:] = [name for name in below if self._has((inside / name / "any").as_posix())]
            for name in [(inside / file).as_posix() for file in files]:
                with suppress(FileNotFoundError):
                    if self._has(name) and not (self.folder / name).is_symlink():
                        found[name] = self._stamp(name)
        return found

    def changed(self) -> list[str]:
        """The files that are not as the store is known to have them."""
        return self._changed(self.here())

    def _changed(self, here: dict[str, list[int]]) -> list[str]:
        known = self._known()
        return [name for name, stamp in here.items() if known.get(name, {}).get("stamp") != stamp]

    def pull(self, wanted: Callable[[str], bool] = lambda _name: True, listing: dict[str, str] | None = None) -> None:
        """Fetch what the store has and this side has not, whole and with a matching index.

        wanted: whether to fetch a file of this name. listing: of the store, if it was just made.

        Raises UnreachableError, or OverganError if the store cannot be read.
        """
        for _ in range(TRIES):
            there, here, known = self.in_store(listing), self.here(), self._known()
            listing = None  # the next time it is made anew
            if not there and not known:
                return
            moved = any(there.get(name) != known.get(name, {}).get("tag") for name in self.indices)
            names = [name for name in there if wanted(name) and _is_old(name, there, here, known, moved=moved)]
            stale = [name for name in known.keys() - there.keys() if moved or known[name]["stamp"] == here.get(name)]
            if self._fetched(names, there, known):
                for name in self._indices_first(stale):
                    (self.folder / name).unlink(missing_ok=True)
                    self._remove_empty((self.folder / name).parent)
                    del known[name]
                if names or stale:
                    self._remember(known)
                return
            self._remember(known)  # else what came on the way would stay here when the store has it no more
        raise UnreachableError(f"{self.remote.address} is written faster than it can be read; try again in a moment")

    def push(
        self,
        names: Collection[str] | None = None,
        *,
        tidy: str | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> bool:
        """Send what changed here, the indices last; whether all was sent: not if it changed all the time.

        names: of the files to look at, by default all.
        tidy: remove from the store, in this folder of the part, what is not here; of "" what this side knew of.
        check: called before each file, so that whoever stood still for long overwrites nothing; may raise to stop that.

        Raises UnreachableError, or OverganError if the store cannot be written.
        """
        for _ in range(TRIES):
            late, here = self._indices(), self.here()
            changed = [name for name in self._changed(here) if names is None or name in names]
            if self._indices() == late:  # else what the index counts on may not be among them
                with suppress(FileNotFoundError):  # one was removed, which the next index does not count on
                    self._send(changed, late, check)
                    if tidy is not None and (late or not self.indices):
                        self._tidy(tidy, here)
                    return True
        return False

    def _send(
        self, changed: Collection[str], late: dict[str, tuple[list[int], bytes]], check: Callable[[], None]
    ) -> None:
        known, sent = self._known(), list[str]()
        try:
            for name in sorted(changed, key=lambda name: (name in late, name)):
                if name not in late:
                    check()
                    stamp, content = self._stamp(name), (self.folder / name).read_bytes()
                    self.remote.write(self._at(name), content)
                    known[name] = {"tag": None, "stamp": stamp}
                    sent.append(name)
            for name, (stamp, content) in late.items():
                if name in changed:
                    check()
                    self.remote.write(self._at(name), content)
                    known[name] = {"tag": None, "stamp": stamp}
                    sent.append(name)
            if sent:
                there = self.in_store()
                for name in sent:
                    known[name]["tag"] = there.get(name)
        finally:
            if sent:
                self._remember(known)

    def _tidy(self, below: str, here: Collection[str]) -> None:
        """Remove from the store what was not here when the index was read that it has now."""
        known = self._known()
        there = self.in_store() if below else known
        left = [name for name in there if name not in here and name.startswith(f"{below}/" if below else "")]
        if left:
            self.remote.remove(self._at(name) for name in self._indices_first(left))
            self._remember({name: of for name, of in known.items() if name not in left})

    def _fetched(self, names: list[str], there: dict[str, str], known: Known) -> bool:
        """Whether all were fetched as they were when the store was listed, indices last."""
        try:
            late = {name: self.remote.read(self._at(name)) for name in self.indices if name in names}
            for name in names:
                if name not in late:
                    self._keep(name, self.remote.read(self._at(name)), there, known)
        except FileNotFoundError:  # replaced by a newer one
            return False
        again = self.in_store() if late else there
        if any(again.get(name) != there.get(name) for name in self.indices):
            return False
        for name, content in late.items():
            self._keep(name, content, there, known)
        return True

    def _keep(self, name: str, content: bytes, there: dict[str, str], known: Known) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self.folder / name, content)
        known[name] = {"tag": there[name], "stamp": self._stamp(name)}

    def _indices_first(self, names: Collection[str]) -> list[str]:
        """In the order in which they are removed, so that no index is there without what it counts on."""
        return sorted(names, key=lambda name: name not in self.indices)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self.folder and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _has(self, name: str) -> bool:
        return (self.deep or "/" not in name) and not any(part.startswith(".") for part in name.split("/"))

    def _at(self, name: str) -> str:
        return f"{self.below}/{name}" if self.below else name

    def _stamp(self, name: str) -> list[int]:
        status = (self.folder / name).stat()
        return [status.st_size, status.st_mtime_ns, status.st_ino]

    def _indices(self) -> dict[str, tuple[list[int], bytes]]:
        found = {}
        for name in self.indices:
            with suppress(FileNotFoundError):
                found[name] = self._stamp(name), (self.folder / name).read_bytes()
        return found

    def _known(self) -> Known:
        """What is remembered; nothing, if it is damaged: then all is fetched, or sent, again."""
        try:
            values = read_json(self.folder / MEMORY / KNOWN)
            return {str(name): {"tag": of["tag"], "stamp": of["stamp"]} for name, of in values.items()}
        except (OverganError, OSError, AttributeError, KeyError, TypeError):
            return {}

    def _remember(self, known: Known) -> None:
        (self.folder / MEMORY).mkdir(parents=True, exist_ok=True)
        write_json(self.folder / MEMORY / KNOWN, known)


def _is_old(name: str, there: dict[str, str], here: dict[str, list[int]], known: Known, *, moved: bool) -> bool:
    """Whether a file must be fetched. moved: whether the store's index is another than it was."""
    if name not in here or name not in known:
        return name not in here or moved
    is_other, is_changed = known[name]["tag"] != there[name], known[name]["stamp"] != here[name]
    return is_other or is_changed if moved else is_other and not is_changed
