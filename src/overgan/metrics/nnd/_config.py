"""How the critic of the neural net divergence is trained."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from overgan.optimizer import Momentum, Schedule


class NNDConfig(BaseModel):
    """How the critic is built, trained and evaluated; the defaults are those of Gulrajani, Raffel and Metz (2019).

    That of `memorized` is ours: the paper does not say of how many images Fig. 6 has the line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    iterations: int = Field(100_000, ge=1, description="updates of the critic")
    evaluation_batches: int = Field(10_000, ge=2, description="further batches, over which the value is averaged")
    batch: int = Field(256, ge=1, description="real images, and as many generated ones, a step")
    width: int = Field(64, ge=1, description="channels of the first convolution; every further one doubles them")
    layers: int = Field(3, ge=0, description="convolutions of stride 2; 0 leaves a linear critic")
    kernel: Literal[3, 5, 7] = Field(5, description="size of the convolutions' kernels in pixels")
    activation: Literal["swish", "leaky_relu"] = Field(
        "swish", description="of every convolution: swish, or leaky_relu of slope 0.2"
    )
    dither: float = Field(1 / 128, ge=0, description="width of the uniform noise added to pixels (x - 128)/128")
    gradient_penalty: float = Field(10.0, ge=0, description="weight of the gradient penalty")
    slope_epsilon: float = Field(1e-8, gt=0, description="ε of the slope √(ε + ‖∇D‖²)")
    learning_rate: float = Field(2e-4, gt=0, description="Adam's")
    betas: tuple[Momentum, Momentum] = Field((0.0, 0.9), description="Adam's")
    schedule: Schedule = Field("linear", description="of the learning rate: constant, or linear, down to 0")
    average: Momentum = Field(
        0.999, description="decay of the moving average of the critic that is evaluated; lower it for few iterations"
    )
    memorized: int = Field(
        1000, ge=2, description="training images of which `nnd_memorized` is the value, all if there are fewer"
    )
    checkpoint_seconds: float = Field(60.0, ge=0, description="time between two checkpoints")
