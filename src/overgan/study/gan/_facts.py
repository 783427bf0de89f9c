"""What the study.json of a GAN's width study must say, before it is counted with: it may be anybody's."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0, le=10**15)]
Pixels = Annotated[int, Field(ge=1, le=10**6)]
OPEN = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Images(BaseModel):
    """The images that it was trained on; older versions did not say the rest."""

    model_config = OPEN

    name: str
    train: Count
    test: Count
    shape: Annotated[list[Pixels], Field(min_length=3, max_length=3)]
    fingerprint: str
    compared: Count = 0
    unseen: Count = 0
    notes: list[str] = []


class Features(BaseModel):
    """A feature space."""

    model_config = OPEN

    dimension: Count
    accuracy: float = 0
    sha256: str = ""
    precision: str = ""


class Counts(BaseModel):
    """Trained numbers of the networks of one width."""

    model_config = OPEN

    generator: Count
    critic: Count


class GanFacts(BaseModel):
    """All of it, of a `Description`."""

    model_config = ConfigDict(from_attributes=True, strict=True)

    data: Images
    features: dict[str, Features]
    parameters: dict[int, Counts]
