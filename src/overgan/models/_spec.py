"""The `model` section of a spec."""

import math
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from overgan.errors import OverganError
from overgan.models._channels import MULTIPLES, SMALL
from overgan.own import is_own

HELD = ("generator_width", "critic_width", "generator_widths", "critic_widths")  # of which one at most is given
NAMES = ("mlp", "dcgan", "resnet")
Shape = tuple[int, int, int]  # of an image: height, width, channels


class Held(NamedTuple):
    """The network whose width is held, and at which."""

    network: str
    width: int

    @property
    def varied(self) -> str:
        """The other one."""
        return "critic" if self.network == "generator" else "generator"


class ModelConfig(BaseModel):
    """Which networks; their width is the study's to vary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(description="mlp, dcgan, resnet, or package.module:function of your own")
    latent: int = Field(128, ge=1, le=1_000_000, description="dimension of z ~ N(0, I)")
    depth: int = Field(2, ge=1, le=1000, description="hidden layers of each network of an mlp")
    generator_width: int | None = Field(None, ge=1, description="held at it, while the study varies the critic alone")
    critic_width: int | None = Field(None, ge=1, description="held at it, while the study varies the generator alone")
    generator_widths: list[Annotated[int, Field(ge=1)]] | None = Field(
        None,
        min_length=1,
        description="several: the critic is varied at each, in a study of its own (docs/studies.md#both-widths)",
    )
    critic_widths: list[Annotated[int, Field(ge=1)]] | None = Field(
        None, min_length=1, description="several: the generator is varied at each, in a study of its own"
    )
    sampling_norm: Literal["running", "batch"] = Field(
        "running", description="whose statistics batch norm takes in sampling: running, or of each batch of 64 images"
    )

    @model_validator(mode="after")
    def _one_network_varies(self) -> "ModelConfig":
        given = [name for name in HELD if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{given[0]} and {given[1]} are both given, so nothing would vary; remove one")
        return self

    @field_validator("generator_widths", "critic_widths")
    @classmethod
    def _sorted_and_unique(cls, widths: list[int] | None) -> list[int] | None:
        if widths and len(set(widths)) < len(widths):
            raise ValueError(f"{widths} has the same value twice")
        return sorted(widths) if widths else widths

    @model_validator(mode="after")
    def _own_norms(self) -> "ModelConfig":
        if self.own and self.sampling_norm == "batch":
            raise ValueError("sampling_norm=batch is not for a model of your own, which samples in evaluation mode")
        return self

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in NAMES and not is_own(name):
            raise ValueError(f"must be one of {', '.join(NAMES)}, or package.module:function of your own")
        return name

    @property
    def held(self) -> Held | None:
        """The network whose width is held while the other's varies; None if both vary."""
        if self.generator_width:
            return Held("generator", self.generator_width)
        return Held("critic", self.critic_width) if self.critic_width else None

    @property
    def own(self) -> bool:
        """Whether the networks are the user's own."""
        return self.name not in NAMES

    def check(self, shape: Shape) -> None:
        """Raise OverganError if the networks cannot make images of this height, width and channels."""
        height, width, channels = shape
        if self.name == "mlp" or self.own:
            return
        if height != width or height not in MULTIPLES:
            *sizes, largest = MULTIPLES
            nearest = min(MULTIPLES, key=lambda size: abs(math.log(size / min(height, width))))
            raise OverganError(
                f"model.name: {self.name} makes square images of {', '.join(map(str, sizes))} or {largest} pixels, but "
                f"these are {width} × {height}; resize them with {{argument}}={nearest}, or set model.name=mlp",
                "data.size",
            )
        if channels not in (1, 3):
            raise OverganError(
                f"model.name: {self.name} makes images of 1 or 3 channels, but these have {channels}; convert them, or "
                "set model.name=mlp"
            )

    def check_batch(self, shape: Shape, batch: int) -> None:
        """Raise OverganError if so many images of this height, width and channels are too few for batch norm."""
        if self.name == "dcgan" and shape[0] <= SMALL and batch == 1:
            raise OverganError(
                f"train.batch or train.generator_batch is 1, but the dcgan of {shape[0]} pixels normalizes each number "
                "of its first layer over the images of an update; set it to 2 or more"
            )
