"""The spec of a study, as data: what every kind has. Each kind's own model extends it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from overgan.words import counted

STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
KIND_OF_STUDY = "what is studied: gan, or of the paper's theory shallow, prediction, certificate"
Width = Annotated[int, Field(ge=1, le=100_000_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


@dataclass(frozen=True)
class Part:
    """One of the studies that a spec of several is made of."""

    spec: "Spec"
    overrides: tuple[str, ...]  # of the whole's spec, which make it this one's


class Spec(BaseModel):
    """What every kind of study has; read from YAML, and kept in the study's folder."""

    model_config = STRICT

    kind: str = Field("gan", description=KIND_OF_STUDY)
    name: str = Field(min_length=1, description="of the study; its folder is runs/NAME by default")
    figures: list[int | str] = Field([], description="figures of the paper that it gives")
    widths: list[Width] = Field(min_length=1, description="the k that are studied")
    seeds: list[Seed] = Field([0, 1, 2, 3, 4], min_length=1, description="one run each at every width")
    tolerance: float = Field(
        0.05,
        ge=0,
        description="a width is enough if it is at most this much worse than the best (or this share of its runs fail)",
    )
    scale: float = Field(1.0, gt=0, description="set by --scale: iterations and samples were multiplied by it")

    def check_new(self) -> None:
        """Raise OverganError for what no study may begin with, though one that was begun with it goes on."""

    def seeds_at(self, width: int) -> int:  # noqa: ARG002 - of kinds where it depends on it
        """How many of the seeds a width has, the first of them."""
        return len(self.seeds)

    @property
    def runs_a_seed(self) -> int:
        """How many runs every seed has, at each width."""
        return 1

    @property
    def runs_a_width(self) -> int:
        """How many runs a width has, at most."""
        return len(self.seeds) * self.runs_a_seed

    @property
    def of_a_width(self) -> str:
        """The runs of a width, in words."""
        return counted(len(self.seeds), "seed")

    @property
    def parts(self) -> "dict[str, Part]":
        """By the name of its folder, each of the studies that one of several is made of; none of a single study."""
        return {}

    @field_validator("widths", "seeds")
    @classmethod
    def _unique(cls, values: list[int]) -> list[int]:
        if len(set(values)) != len(values):
            raise ValueError(f"{values} has the same value twice")
        return values

    @field_validator("widths")
    @classmethod
    def _sorted(cls, values: list[int]) -> list[int]:
        return sorted(values)  # seeds are not: those that come later stand after the others
