"""How far a study is, read from its folder."""

from dataclasses import dataclass
from pathlib import Path

from overgan.files import read_json
from overgan.study._spec import Spec
from overgan.study._store import group_folder
from overgan.training import PROGRESS, read_checkpoint


@dataclass(frozen=True)
class GroupStatus:
    """How far the group of one width is."""

    width: int
    iteration: int
    iterations: int
    seconds: float  # of training so far
    features: str  # the spec's first feature space
    fid_test: float | None  # in it, mean over the group's runs, at the latest evaluation
    diverged: dict[int, int]  # seed -> iteration
    complete: bool

    @property
    def fid(self) -> str:
        """The latest FID with its name, empty before the first evaluation."""
        return f"test {self.features} FID {self.fid_test:.3g}" if self.fid_test is not None else ""

    @property
    def seconds_per_iteration(self) -> float | None:
        """Measured so far, all replicas together."""
        return self.seconds / self.iteration if self.iteration else None


def group_status(folder: Path, spec: Spec, width: int) -> GroupStatus:
    """How far one group of the study in folder is."""
    group = group_folder(folder, width)
    checkpoint = read_checkpoint(group)
    progress = read_json(group / PROGRESS) if (group / PROGRESS).exists() else {}
    return GroupStatus(
        width=width,
        iteration=progress.get("iteration", 0),
        iterations=spec.train.iterations,
        seconds=progress.get("seconds", 0.0),
        features=spec.evaluate.features[0],
        fid_test=progress.get("fid_test"),
        diverged=checkpoint.diverged if checkpoint else {},
        complete=checkpoint.complete if checkpoint else False,
    )


def seconds_left(groups: list[GroupStatus], workers: int) -> float | None:
    """Time until all groups are done, None before anything is measured.

    A group that has not begun is taken to be as slow as the narrowest that has, so this errs on the high side.
    """
    known = {g.width: g.seconds_per_iteration for g in groups if g.seconds_per_iteration is not None}
    if not known:
        return None
    pace = {g.width: known.get(g.width, known[min(known)]) for g in groups}
    return sum(pace[g.width] * (g.iterations - g.iteration) for g in groups if not g.complete) / workers
