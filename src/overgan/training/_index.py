"""The indices of a group's two last checkpoints, which are read without their tensors, and without PyTorch."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.disk import content_of, notice, parsed_lines, read_json, read_jsonl, sha256
from overgan.errors import OverganError
from overgan.training._config import TrainConfig
from overgan.training._runs import Run

INDEX, PREVIOUS = "checkpoint.json", "checkpoint-previous.json"
LOG, EVALUATIONS, PROGRESS = "log.jsonl", "evaluations.jsonl", "progress.json"
SAMPLES, NEIGHBOURS = "samples", "neighbours"
ADDING = "adding"  # folder in a group's, with the runs of more seeds, a group of its own until it is merged

NAME = r"^\w[\w.-]*$"  # of a file in the folder, which leads to no other
T = TypeVar("T")

State = tuple[tuple[int, int], int, int]  # of a file: its number and mode, its size, and when it was last written
_whole: dict[Path, tuple["Rows", State]] = {}  # rows that this process found as they were, and their file then


class Rows(BaseModel):
    """How many lines of a file a checkpoint counts on, and their checksum; later ones may follow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    sha256: str


class Checkpoint(BaseModel):
    """The index of a checkpoint. That of the newest one is also the group's state for everybody else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=NAME)
    sha256: str
    iteration: int = Field(ge=0, le=10**15)
    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]]  # of the replicas in the file
    runs: list[Run] = []  # the replicas in the file, where a seed has several
    diverged: dict[str, int]  # run, by its seed or name -> iteration at which it was found
    seconds: float  # of training, evaluation not counted
    complete: bool
    rows: dict[Annotated[str, Field(pattern=NAME)], Rows] = {}  # file -> its rows; older versions had none
    pictures: dict[str, str] = {}  # file -> its SHA-256; older versions had none

    def left(self, config: TrainConfig) -> list[Run]:
        """The runs that have not diverged."""
        return self.runs if config.several else config.runs(self.seeds)

    def ends(self, iterations: int) -> bool:
        """Whether nothing is left of so many iterations: all are done, evaluated and saved, or every replica diverged.

        A study may since have been made longer than it was when this checkpoint completed it.
        """
        return self.complete and (self.iteration >= iterations or not self.seeds)


def seeds_of(checkpoint: Checkpoint | None, order: Sequence[int]) -> list[int]:
    """The seeds that a checkpoint has runs of, be they diverged; in the given order, then ascending."""
    if checkpoint is None:
        return []
    left = {run.seed for run in checkpoint.runs} | {*checkpoint.seeds}
    seeds = left | {int(name.partition("-")[0]) for name in checkpoint.diverged}
    return [*(seed for seed in order if seed in seeds), *sorted(seeds - {*order})]


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint of a group, if there is one, or the one before, with a notice, as `newest` says."""
    found = newest(folder, lambda _: None)
    return found[0] if found else None


def read_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a group's file that its newest checkpoint counts on; of older versions, all.

    Those of the one before if it is taken, with a notice. Raises OverganError if they are damaged.
    """
    found = newest(folder, lambda checkpoint: counted_rows(folder, name, checkpoint))
    return found[1] if found else []


def newest(folder: Path, content: Callable[[Checkpoint], T]) -> tuple[Checkpoint, T] | None:
    """The newest checkpoint of a group, if any, and its content; if it is damaged, the one before, with a notice.

    A checkpoint is damaged if its index is, if it counts on rows that are, or if `content` raises OverganError.

    Raises OverganError if there is a checkpoint, and none that is not damaged.
    """
    written = _written(folder)
    errors: list[OverganError] = []
    for name in written:
        try:
            checkpoint = read_index(folder / name)
            check_rows(folder, checkpoint)
            found = checkpoint, content(checkpoint)
        except OverganError as error:
            if _written(folder) != written:  # it is being trained, and has new ones
                return newest(folder, content)
            errors.append(error)
            continue
        if errors:
            what = errors[0].message.partition("; ")[0]
            looked_at = [folder / INDEX, folder / LOG, folder / EVALUATIONS, *sorted(folder.glob("*.safetensors"))]
            notice(f"{what}; the checkpoint before is taken, of iteration {checkpoint.iteration}", *looked_at)
        return found
    if errors:
        raise errors[0]
    return None


def read_index(path: Path) -> Checkpoint:
    """A checkpoint's index alone. Raises OverganError if it is missing or damaged."""
    mend = f"restore it or {train_again(path.parent)}"
    if not path.exists():
        raise OverganError(f"{path} is missing; {mend}")
    try:
        return Checkpoint.model_validate(read_json(path, mend))
    except ValidationError:
        raise OverganError(f"{path} is not a checkpoint's index; {mend}") from None


def check_rows(folder: Path, checkpoint: Checkpoint) -> None:
    """Raise OverganError if a checkpoint counts on rows that are damaged.

    Those that this process has found whole are not read again as long as their file is at most appended to: a run looks
    twice a second how far its groups are, and they may have many megabytes of rows.
    """
    for name, known in checkpoint.rows.items():
        now = _state(folder / name)
        rows, then = _whole.get(folder / name, (None, None))
        if rows == known and then and now and (now == then or (now[0] == then[0] and now[1] > then[1])):
            continue
        counted_bytes(folder, name, checkpoint)
        if now:
            _whole[folder / name] = known, now


def counted_bytes(folder: Path, name: str, checkpoint: Checkpoint) -> bytes | None:
    """The lines of a file that a checkpoint counts on; None if nothing is known of them.

    Raises OverganError if they are not there, or there are others in their place.
    """
    known = checkpoint.rows.get(name)
    if known is None:
        return None
    path = folder / name
    content = _content(path) if path.exists() else b""
    lines = content[: len(content) - len(content.split(b"\n", known.count)[-1])]
    if rows_of(lines) != known:
        raise OverganError(
            f"{path} is damaged (it has not the rows that were there at the last checkpoint); restore it or "
            f"{train_again(folder)}"
        )
    return lines


def counted_rows(folder: Path, name: str, checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """The rows that a checkpoint counts on; of older versions, all. Raises OverganError if they are damaged."""
    lines = counted_bytes(folder, name, checkpoint)
    return read_jsonl(folder / name) if lines is None else parsed_lines(lines)


def rows_of(content: bytes) -> Rows:
    """How many lines there are, and their checksum."""
    return Rows(count=content.count(b"\n"), sha256=sha256(content))


def train_again(folder: Path) -> str:
    """What the user can do about a group that is damaged, for an error."""
    return f"move {folder} away to train this width again"


def _written(folder: Path) -> dict[str, bytes]:
    """The indices as they are on disk, the newest first; one that is missing has another behind it."""
    found = {name: _content(folder / name) for name in (INDEX, PREVIOUS) if (folder / name).exists()}
    return {INDEX: b"", **found} if found else {}


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mode), found.st_size, found.st_mtime_ns


def _content(path: Path) -> bytes:
    try:
        return content_of(path)
    except (ValueError, OSError) as error:
        raise OverganError(f"{path} is damaged ({error}); restore it or {train_again(path.parent)}") from None
