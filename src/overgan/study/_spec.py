"""The spec of a study: what runs, and how. Every kind of study extends it, in a module of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from overgan.errors import OverganError

if TYPE_CHECKING:
    from overgan.study._store import Description
    from overgan.study._study import Study

STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
Width = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]

DEVICES = ("auto", "cpu", "cuda")

Stopping = Callable[[], bool]
Work = Callable[[int, Stopping], None]  # all runs of one width, those that are done left out, until told to stop


@dataclass(frozen=True)
class Facts:
    """What a study's numbers depend on beside its spec."""

    data: dict[str, Any] = field(default_factory=dict)
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    parameters: dict[int, dict[str, int]] = field(default_factory=dict)  # width -> network -> trained numbers of a run


class Spec(BaseModel, ABC):
    """What every kind of study has."""

    model_config = STRICT

    kind: str
    name: str = Field(min_length=1)
    figures: list[int | str] = Field([], description="figures of the paper that it gives")
    widths: list[Width] = Field(min_length=1)
    seeds: list[Seed] = Field([0, 1, 2, 3, 4], min_length=1)
    tolerance: float = Field(0.05, ge=0, description="a width is enough if it is at most this much worse than the best")
    scale: float = Field(1.0, gt=0, description="set by --scale: iterations and samples were multiplied by it")

    @field_validator("widths", "seeds")
    @classmethod
    def _sorted_and_unique(cls, values: list[int]) -> list[int]:
        if len(set(values)) != len(values):
            raise ValueError(f"{values} has the same value twice")
        return sorted(values)

    @property
    @abstractmethod
    def subject(self) -> str:
        """What is trained on, in a few words."""

    @property
    @abstractmethod
    def length(self) -> str:
        """How long a run is, in a few words."""

    @abstractmethod
    def scaled(self, factor: float) -> "Spec":
        """The spec with its iterations and samples multiplied by factor."""

    @abstractmethod
    def facts(self) -> Facts:
        """What must be the same when the study goes on; looked at before any work begins."""

    @abstractmethod
    def seconds(self) -> float:
        """Seconds that all groups would take on this machine, one single-threaded worker a core."""

    @abstractmethod
    def worker(self, folder: Path, threads: int, device: str) -> Work:
        """What a worker process does for each width, with so many threads on that device."""

    def devices(self, wanted: str) -> list[str]:
        """What the workers run on, in turn. Raises OverganError if there is no such device.

        wanted: auto, cpu or cuda.
        """
        if wanted not in DEVICES:
            raise OverganError(f"--device {wanted}: must be one of {', '.join(DEVICES)}")
        if wanted == "cuda":
            raise OverganError(f"--device cuda: a study of kind {self.kind} runs on the CPU; leave --device out")
        return ["cpu"]

    @property
    def notice(self) -> str:
        """What the user should know before it runs, if anything."""
        return ""

    @abstractmethod
    def study(self, folder: Path, description: "Description") -> "Study":
        """The results in the study's folder."""
