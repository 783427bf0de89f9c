"""The `train` section of a spec."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from overgan.optimizer import Momentum, Schedule
from overgan.training.losses import LOSSES

LEAST_RATE = 1e-15


def _moving(rate: float) -> float:
    if rate < LEAST_RATE:
        raise ValueError(f"must be at least {LEAST_RATE:g}, for smaller steps move no weight in single precision")
    return rate


class TrainConfig(BaseModel):
    """How the networks of every width are trained; the defaults are those of the paper's DCGAN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    loss: Annotated[str, AfterValidator(LOSSES.known)] = Field(
        "wgan-gp", description="what critic and generator minimize: wgan-gp, or package.module:name of your own"
    )
    iterations: int = Field(300_000, ge=1, le=10**12, description="generator updates")
    batch: int = Field(64, ge=1, le=1_000_000, description="images a step")
    generator_batch: int | None = Field(
        None, ge=1, le=1_000_000, description="latents of a generator update; by default train.batch"
    )
    critic_steps: int = Field(5, ge=1, le=1_000_000, description="critic updates an iteration")
    gradient_penalty: float = Field(10.0, ge=0, description="weight of the gradient penalty")
    learning_rate: Annotated[float, AfterValidator(_moving)] = Field(1e-4, gt=0, description="Adam's, of both networks")
    betas: tuple[Momentum, Momentum] = Field((0.5, 0.999), description="Adam's, of both networks")
    schedule: Schedule = Field("constant", description="of the learning rate: constant, or linear, down to 0")
    precision: Literal["auto", "float32", "bf16-mixed"] = Field(
        "auto", description="float32, or bf16-mixed: products of bfloat16 numbers; auto is float32"
    )
    log_every: int = Field(100, ge=1, description="iterations between two rows of losses")
    evaluate_every: int = Field(5_000, ge=1, description="iterations between two evaluations")
    checkpoint_seconds: float = Field(
        60.0, ge=0, description="time between two checkpoints, beside those at evaluations"
    )
