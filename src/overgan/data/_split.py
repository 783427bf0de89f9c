"""Which images are trained on and which are held out, by the names of their folders or the hash of their paths."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Bool, Int64

from overgan.errors import OverganError

PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
HELD_OUT_ONE_IN = 5


@dataclass(frozen=True, eq=False)
class Split:
    """The images of a set that are used, and which of them are held out."""

    used: Int64[np.ndarray, " used"]  # places in the list of paths
    held_out: Bool[np.ndarray, " used"]
    folders: list[PurePosixPath]  # of every used image, without that of its part
    note: str  # which are held out, in words


def split(paths: Sequence[PurePosixPath], where: str) -> Split:
    """Images in train, and those in val or, if there is none, in test, which are held out; test beside val is not used.

    Without such folders an image is held out if the SHA-256 of its path is divisible by 5, so that it keeps its side
    when others are added, as long as its path stays the same: it is below the deepest folder that holds all images.

    where: for errors. Raises OverganError as `part_folders` does.
    """
    found = part_folders(paths, where)
    if found is None:
        chosen = np.array([held_out_by_hash(str(path)) for path in paths], bool)
        counts = f"{chosen.sum():,} of {len(paths):,} images"
        note = f"held out by the hash of their paths: {counts} (there are no folders train and val or test)"
        return Split(np.arange(len(paths)), chosen, [path.parent for path in paths], note)
    level, names = found
    parts = [part_of(name) for name in names]
    roles = {"train": "trained on", "val": "held out", "test": "not used" if "val" in parts else "held out"}
    notes = [
        f"{roles[part]}: {names[parts.index(part)]} ({parts.count(part):,} images)" for part in roles if part in parts
    ]
    used = [i for i, part in enumerate(parts) if roles[str(part)] != "not used"]
    folders = [PurePosixPath(*paths[i].parts[:level], *paths[i].parts[level + 1 : -1]) for i in used]
    return Split(np.array(used), np.array([parts[i] != "train" for i in used]), folders, "; ".join(notes))


def part_folders(paths: Sequence[PurePosixPath], where: str) -> tuple[int, list[str]] | None:
    """How deep folders named as parts lie, and the one that each image is in; None if there are not two parts.

    A lone part is a folder like any other. A train within a part is a class.

    where: for errors. Raises OverganError if it is not clear which part an image belongs to.
    """
    folders = [path.parts[:-1] for path in paths]
    level = min((i for parents in folders for i, name in enumerate(parents) if part_of(name)), default=None)
    if level is None:
        return None
    names = [path.parts[level] if len(path.parts) > level else path.name for path in paths]
    stray = [i for i, parents in enumerate(folders) if len(parents) <= level or not part_of(names[i])]
    known = sorted(set(names) - {names[i] for i in stray})
    found = " and ".join(known)
    if stray:
        raise OverganError(
            f"{where}: {names[stray[0]]} lies beside {found}, so it is not clear what is held out; have only train "
            f"and val or test there, or, if {known[0]} is no such part, rename it"
        )
    parts = [part_of(name) for name in known]
    for part in set(parts):
        if parts.count(part) > 1:
            several = " and ".join(name for name in known if part_of(name) == part)
            raise OverganError(f"{where}: {several} are names of one part; keep one of them")
    if len(parts) == 1:
        return None
    if "train" not in parts:
        raise OverganError(f"{where}: {found}, but no train; add it, or name one of them alone")
    for parents in folders:
        inner = next((name for name in parents[level + 1 :] if part_of(name) not in (None, "train")), None)
        if inner:
            raise OverganError(
                f"{where}: {inner} lies within {parents[level]}, so it is not clear what is held out; move or rename it"
            )
    return level, names


def part_of(folder: str) -> str | None:
    """Which part a folder, or archive, of this name holds, in any case: train, val, test, or none."""
    name = folder.lower()
    return PARTS.get(name.removesuffix(next(filter(name.endswith, ARCHIVES), "")))


def held_out_by_hash(name: str) -> bool:
    """Whether the SHA-256 of an image's path, or index, is divisible by 5."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0
