"""The `train` section of a spec."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from overgan.optimizer import Momentum, Schedule
from overgan.training._runs import Rule, Run
from overgan.training.losses import LOSSES, Defaults, defaults

LEAST_RATE = 1e-15


def _moving(rate: float) -> float:
    if rate < LEAST_RATE:
        raise ValueError(f"must be at least {LEAST_RATE:g}, for smaller steps move no weight in single precision")
    return rate


Rate = Annotated[float, Field(gt=0), AfterValidator(_moving)]


def _once_each(values: list[Any] | None) -> list[Any] | None:
    if values is not None and len({_printed(value) for value in values}) < len(values):
        raise ValueError(f"{values} has the same value twice")
    return values


def _ascending(rates: list[float] | None) -> list[float] | None:
    return None if rates is None else sorted(rates)


def _printed(value: float | str) -> str:
    """A rule, or a learning rate: two that look the same could not be told apart."""
    return value if isinstance(value, str) else f"{value:g}"


def _by_loss(given: dict[str, Any]) -> Defaults:
    """Those of the loss among the keys that are validated so far, where it is missing if there is no such loss."""
    return defaults(given.get("loss", "wgan-gp"))


class TrainConfig(BaseModel):
    """How the networks of every width are trained; the defaults are those of the paper's DCGAN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    loss: Annotated[str, AfterValidator(LOSSES.known)] = Field(
        "wgan-gp",
        description="what critic and generator minimize: wgan-gp, hinge, non-saturating, relativistic, or "
        "package.module:name of your own",
    )
    iterations: int = Field(300_000, ge=1, le=10**12, description="generator updates")
    batch: int = Field(64, ge=1, le=1_000_000, description="images a step")
    generator_batch: int | None = Field(
        None, ge=1, le=1_000_000, description="latents of a generator update; by default train.batch"
    )
    critic_steps: int = Field(
        default_factory=lambda given: _by_loss(given).critic_steps,
        ge=1,
        le=1_000_000,
        description="critic updates an iteration",
    )
    gradient_penalty: float = Field(
        default_factory=lambda given: _by_loss(given).gradient_penalty,
        ge=0,
        description="weight of the gradient penalty: λ of wgan-gp, γ of the others, which multiply it by 1/2",
    )
    learning_rate: Rate = Field(1e-4, description="Adam's, of both networks")
    learning_rates: Annotated[list[Rate] | None, AfterValidator(_once_each), AfterValidator(_ascending)] = Field(
        None,
        min_length=1,
        description="in place of it several, with each of which every seed is trained; a width is judged at its best",
    )
    learning_rate_rule: Rule = Field(
        "constant",
        description="how it depends on the width k: constant; inverse, as 1/k; mup, of each weight by its "
        "fan-in, with initial values to match",
    )
    learning_rate_rules: Annotated[list[Rule] | None, AfterValidator(_once_each)] = Field(
        None,
        min_length=1,
        description="in place of it several, by each of which every seed is trained; the first decides",
    )
    base_width: int | None = Field(
        None, ge=1, le=1_000_000, description="the k at which the rules agree; inverse and mup need it"
    )
    betas: tuple[Momentum, Momentum] = Field((0.5, 0.999), description="Adam's, of both networks")
    average: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="decay of the generator's running average, an iteration, such as 0.999; what is measured and shown "
        "is then the average",
    )
    schedule: Schedule = Field("constant", description="of the learning rate: constant, or linear, down to 0")
    precision: Literal["auto", "float32", "bf16-mixed"] = Field(
        "auto", description="float32, or bf16-mixed: products of bfloat16 numbers; auto is float32"
    )
    log_every: int = Field(100, ge=1, description="iterations between two rows of losses")
    evaluate_every: int = Field(5_000, ge=1, description="iterations between two evaluations")
    checkpoint_seconds: float = Field(
        60.0, ge=0, description="time between two checkpoints, beside those at evaluations"
    )

    @model_validator(mode="after")
    def _has_base(self) -> "TrainConfig":
        if self.base_width is None and any(rule != "constant" for rule in self.rules):
            raise ValueError("the learning-rate rules inverse and mup need train.base_width, the k at which they agree")
        return self

    @property
    def least_batch(self) -> int:
        """Images of an update of either network, at least."""
        return min(self.batch, self.generator_batch or self.batch)

    @property
    def rates(self) -> list[float]:
        """The learning rates that are tried, ascending."""
        return self.learning_rates or [self.learning_rate]

    @property
    def rules(self) -> list[Rule]:
        """The rules that are tried, in the order of the spec: the first decides."""
        return self.learning_rate_rules or [self.learning_rate_rule]

    @property
    def several(self) -> bool:
        """Whether a seed has several runs."""
        return len(self.rates) * len(self.rules) > 1

    def name(self, run: Run) -> str:
        """One for files and keys: of its seed alone, where that tells which run it is."""
        return run.name if self.several else str(run.seed)

    def row(self, run: Run) -> dict[str, Any]:
        """What the rows of a run say about which it is."""
        steps = {"learning_rate_rule": run.rule, "learning_rate": run.learning_rate} if self.several else {}
        return {"seed": run.seed} | steps

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """The runs of one width, in the order of their replicas."""
        return [Run(seed, rate, rule) for rule in self.rules for rate in self.rates for seed in seeds]
