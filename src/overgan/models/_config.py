"""The `model` section of a spec, and the networks it stands for."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from torch import nn

from overgan.errors import OverganError
from overgan.models._conv import ReplicaConv2d, ReplicaConvTranspose2d
from overgan.models._dcgan import DCGANCritic, DCGANGenerator
from overgan.models._linear import ReplicaLinear
from overgan.models._mlp import MLPCritic, MLPGenerator
from overgan.models._own import OneByOne, check, construct
from overgan.models._resnet import ResNetCritic, ResNetGenerator
from overgan.own import is_own

NAMES = ("mlp", "dcgan", "resnet")
SIZES, COLOUR = (32, 64), 3  # of the convolutional models' images: pixels, channels


class ModelConfig(BaseModel):
    """Which networks; their width is the study's to vary."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(description="mlp, dcgan, resnet, or package.module:function of your own")
    latent: int = Field(128, ge=1, description="dimension of z ~ N(0, I)")
    depth: int = Field(2, ge=1, description="hidden layers of each network of an mlp")
    generator_width: int | None = Field(None, ge=1, description="held at it, while the study varies the critic alone")
    critic_width: int | None = Field(None, ge=1, description="held at it, while the study varies the generator alone")

    @model_validator(mode="after")
    def _one_network_varies(self) -> "ModelConfig":
        if self.generator_width and self.critic_width:
            raise ValueError("generator_width and critic_width are both given, so nothing would vary; remove one")
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
    def own(self) -> bool:
        """Whether it is the user's."""
        return self.name not in NAMES

    def check(self, shape: tuple[int, int, int]) -> None:
        """Raise OverganError if the networks cannot make images of this height, width and channels."""
        height, width, channels = shape
        if self.name in ("dcgan", "resnet") and (height != width or height not in SIZES or channels != COLOUR):
            raise OverganError(
                f"model.name: {self.name} makes colour images of 32 × 32 or 64 × 64 pixels, but these are "
                f"{width} × {height} with {channels} channel{'s' if channels > 1 else ''}; resize them, or set "
                "model.name=mlp"
            )


def networks(
    config: ModelConfig, width: int, shape: tuple[int, int, int], replicas: int
) -> tuple[nn.Module, nn.Module]:
    """Generator and critic of one width, their weights not yet drawn.

    shape: height, width and channels of an image.

    The generator maps (replicas, batch, latent) to images (replicas, batch, channels, height, width) in [-1, 1], the
    critic such images to scores (replicas, batch). The first axis of every parameter and buffer is the replica.

    Raises OverganError if the model cannot make images of this shape.
    """
    config.check(shape)
    generator, critic = config.generator_width or width, config.critic_width or width
    pixels, _, channels = shape
    match config.name:
        case "mlp":
            return (
                MLPGenerator(replicas, config.latent, generator, config.depth, shape),
                MLPCritic(replicas, critic, config.depth, shape),
            )
        case "dcgan":
            return (
                DCGANGenerator(replicas, config.latent, generator, pixels, channels),
                DCGANCritic(replicas, critic, pixels, channels),
            )
        case "resnet":
            return (
                ResNetGenerator(replicas, config.latent, generator, pixels, channels),
                ResNetCritic(replicas, critic, pixels, channels),
            )
        case name:
            return _stack([_own(name, generator, critic, shape)] * replicas)


def build(
    config: ModelConfig,
    width: int,
    shape: tuple[int, int, int],
    streams: Sequence[torch.Generator],
    dtype: torch.dtype = torch.float32,
) -> tuple[nn.Module, nn.Module]:
    """The `networks` with one replica for each stream, its weights drawn from that stream.

    dtype: of the numbers that layers multiply; weights and sums are float32. A model of the user's has its own.
    """
    if config.own:
        return _build_own(config, width, shape, streams)
    generator, critic = networks(config, width, shape, len(streams))
    for network in (generator, critic):
        for module in network.modules():
            if isinstance(module, ReplicaLinear | ReplicaConv2d | ReplicaConvTranspose2d):
                module.initialize(streams)
                module.dtype = dtype
    return generator, critic


def _own(name: str, generator: int, critic: int, shape: tuple[int, int, int]) -> tuple[nn.Module, nn.Module]:
    return construct(name, generator, shape)[0], construct(name, critic, shape)[1]


def _stack(pairs: Sequence[tuple[nn.Module, nn.Module]]) -> tuple[OneByOne, OneByOne]:
    return OneByOne([generator for generator, _ in pairs]), OneByOne([critic for _, critic in pairs])


def _build_own(
    config: ModelConfig, width: int, shape: tuple[int, int, int], streams: Sequence[torch.Generator]
) -> tuple[nn.Module, nn.Module]:
    pairs = []
    for stream in streams:
        with torch.random.fork_rng(devices=[]):  # a user's layers draw from the global generator
            torch.manual_seed(int(torch.randint(2**31, (), generator=stream)))
            pairs.append(_own(config.name, config.generator_width or width, config.critic_width or width, shape))
    return _stack(pairs)


def parameter_counts(config: ModelConfig, width: int, shape: tuple[int, int, int]) -> dict[str, int]:
    """Trained numbers of one replica's `generator` and `critic`.

    Raises OverganError if the model cannot make images of this shape.
    """
    if config.own:
        pair = networks(config, width, shape, replicas=1)
        check(config.name, pair, config.latent, shape)
    else:
        with torch.device("meta"):
            pair = networks(config, width, shape, replicas=1)
    return {
        name: sum(p.numel() for p in network.parameters())
        for name, network in zip(("generator", "critic"), pair, strict=True)
    }


class Size(NamedTuple):
    """Of the layers of one network, for one image."""

    outputs: int  # numbers that they give
    products: int  # that they add up


def sizes(config: ModelConfig, width: int, shape: tuple[int, int, int]) -> dict[str, Size]:
    """Of one replica's `generator` and `critic`, which are not the user's own."""
    height, pixels, channels = shape
    with torch.device("meta"):
        generator, critic = networks(config, width, shape, replicas=1)
        return {
            "generator": _size(generator, torch.empty(1, 1, config.latent)),
            "critic": _size(critic, torch.empty(1, 1, channels, height, pixels)),
        }


def _size(network: nn.Module, x: torch.Tensor) -> Size:
    outputs = products = 0

    def count(layer: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal outputs, products
        outputs += output.numel()
        if isinstance(layer, ReplicaLinear):
            products += layer.weight.numel()
        elif isinstance(layer, ReplicaConv2d | ReplicaConvTranspose2d):
            products += layer.weight.numel() * min(t.shape[2] * t.shape[3] for t in (*inputs, output))

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    network.eval()(x)  # batch norm of a single image
    return Size(outputs, products)
