"""Studies of one network's widths, the other's held at several: the surface over both."""

from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd

from overgan.errors import OverganError
from overgan.study._load import load, read_surface
from overgan.study._status import GroupStatus
from overgan.study._store import STUDY
from overgan.study._study import Study
from overgan.study.analysis import AtCost, Claim
from overgan.study.gan._pair import Pair
from overgan.study.gan._race import values_in_order
from overgan.study.gan._results import GanResults
from overgan.study.gan._spec import GanSpec
from overgan.study.gan.claims import surface_claim
from overgan.words import joined

Network = Literal["generator", "critic"]


class Surface(Study):
    """What `overgan.run` makes of a spec with several widths of one network held: a study of each, in a folder."""

    spec: GanSpec

    def __init__(self, folder: Path, trust: bool = False):
        """trust: as of `overgan.load`.

        Raises OverganError if the folder holds none, none of its studies is begun, or it is not trusted and has links
        that lead out of it.
        """
        spec = read_surface(folder, trust)
        self.studies: dict[int, GanResults] = {}  # by held width, those that are begun
        for name in spec.parts:
            if (folder / name / STUDY).exists():
                study = load(folder / name, trust)
                assert isinstance(study, GanResults)  # noqa: S101 - only a GAN's spec has parts
                self.studies[int(name.rpartition("-")[2])] = study
        if not self.studies:
            raise OverganError(f"{folder}: none of its studies is begun yet; go on with them first")
        first = next(iter(self.studies.values()))
        super().__init__(folder, first.description.model_copy(update={"spec": spec}))
        self.trusted = trust

    @property
    def held(self) -> Network:
        """The network that is held at a width in each study."""
        return "critic" if next(iter(self.spec.parts)).startswith("critic") else "generator"

    def frame(self) -> pd.DataFrame:
        """The rows of all studies, with the width that is held in the column critic_width, or generator_width."""
        frames = [study.frame().assign(**{f"{self.held}_width": width}) for width, study in self.studies.items()]
        return pd.concat(frames, ignore_index=True)

    def group_status(self, *_: Any, **__: Any) -> NoReturn:
        """Raises OverganError, as each of its studies has a group of every width."""
        self._refuse()

    def status(self) -> list[GroupStatus]:
        """How far every group of its studies is."""
        return [group for study in self.studies.values() for group in study.status()]

    def recommend(self, *_: Any, **__: Any) -> NoReturn:
        """Raises OverganError, as each of its studies recommends a width of its own."""
        self._refuse()

    def headlines(self, tolerance: float | None = None, confidence: float | None = None) -> list[str]:  # noqa: ARG002 - as of any study
        """What the surface says of balanced widths."""
        return [
            f"{claim.statement.rstrip('.')}: {claim.verdict}. {claim.because} {claim.needed}".strip()
            for claim in self.claims(confidence)
        ]

    def claims(self, confidence: float | None = None) -> list[Claim]:
        """What it says of the paper's statement about both widths."""
        return [self.balance(confidence)[0]]

    def balance(self, confidence: float | None = None) -> tuple[Claim, list[AtCost]]:
        """What it says of balanced widths, and the best pair at each cost, as a place in `pairs`."""
        features, confidence = self.spec.evaluate.features[0], self.confidence(confidence)
        return surface_claim(self.pairs(), self.cost, features, self.spec.tolerance, confidence)

    def pairs(self, features: str | None = None) -> list[Pair]:
        """The finished pairs of widths, with their costs as `cost` names them.

        features: of the distances, by default the first.
        """
        return [
            Pair(
                generator=width if self.held == "critic" else held,
                critic=held if self.held == "critic" else width,
                values=np.array(values),
                cost=_seconds(study, width) if self._timed else _parameters(study, width),
            )
            for held, study in self.studies.items()
            for width, values in values_in_order(study, features).items()
        ]

    @property
    def cost(self) -> str:
        """What a pair's cost is: seconds an iteration of a run, or, where these are not of one machine, parameters."""
        return "seconds an iteration of a run" if self._timed else "parameters of both networks"

    @property
    def _timed(self) -> bool:
        machines = [study.description.machine for study in self.studies.values()]
        alike = {(m["processor"], m["workers"], m.get("threads"), str(m.get("devices"))) for m in machines}
        ended = [(study, width) for study in self.studies.values() for width in values_in_order(study)]
        return len(alike) == 1 and all(_seconds(study, width) > 0 for study, width in ended)

    def sample(self, *_: Any, **__: Any) -> NoReturn:
        """Raises OverganError: each of its studies has images."""
        self._refuse()

    generator = evaluate = write_samples = sample

    def _refuse(self) -> NoReturn:
        folders = [f"{study.folder}" for study in self.studies.values()]
        raise OverganError(f"{self.folder} holds several studies; take one of them: {joined(folders)}")


def _seconds(study: GanResults, width: int) -> float:
    group = study.group_status(width)
    runs = group.runs or study.runs(width)
    return (group.before or group.seconds) / max(1, runs) / study.spec.train.iterations


def _parameters(study: GanResults, width: int) -> float:
    return float(sum(study.description.parameters[width].values()))
