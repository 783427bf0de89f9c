"""The spec of a GAN's width study: what to train, on what, at which widths and seeds, and what is measured."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from overgan.data import DataConfig
from overgan.errors import OverganError
from overgan.metrics import METRICS, MetricName, NNDConfig, Precision, canonical
from overgan.models import ModelConfig
from overgan.study._rounds import Round
from overgan.study._scale import multiplied
from overgan.study._spec import KIND_OF_STUDY, STRICT, Part, Spec, Width
from overgan.training import TrainConfig
from overgan.words import counted, span

FEWEST_WIDTHS = FEWEST_SEEDS = 2  # that can be compared


class EvaluateConfig(BaseModel):
    """The `evaluate` section: what is measured at every evaluation."""

    model_config = STRICT

    features: list[str] = Field(
        ["classifier"], min_length=1, description="spaces in which images are compared; the first one decides the width"
    )
    metrics: list[MetricName] = Field(
        ["frechet"], description="what is measured at every evaluation; frechet decides the width"
    )
    final_metrics: list[MetricName] = Field([], description="what is measured at the last iteration, beside those")
    samples: int = Field(
        10_000,
        ge=2,
        description="images on each side of a comparison, if there are as many; with reference: all, generated ones",
    )
    reference: Literal["equal", "all"] = Field(
        "equal",
        description="real images that frechet compares with: equal, as many as generated ones; all, every training "
        "image, as in the paper, and every held-out one (in classifier features without those that trained them). A "
        "set of fewer images has a larger distance, so with all the smaller side's, mostly test, is too large beside "
        "the other's; the other metrics keep equal numbers",
    )
    draws: int = Field(
        10,
        ge=0,
        description="random splits of the real images at the last iteration, from which the standard error of "
        "frechet_gap comes; 0 leaves it out",
    )
    inception_weights: str | None = Field(
        None, description="file of the weights; by default where torch-fidelity keeps it"
    )
    precision: Precision = Field("float32", description="of inception features: bf16 is faster on some processors")
    nnd: NNDConfig = NNDConfig()

    @field_validator("features")
    @classmethod
    def _known(cls, features: list[str]) -> list[str]:
        names = [canonical(name) for name in features]
        if len(set(names)) < len(names):
            raise ValueError("names a space twice, so its values would count twice; remove one")
        return names

    @field_validator("metrics")
    @classmethod
    def _has_frechet(cls, metrics: list[MetricName]) -> list[MetricName]:
        if "frechet" not in metrics:
            raise ValueError("must have frechet, which decides the width")
        return metrics

    @model_validator(mode="after")
    def _has_draws(self) -> "EvaluateConfig":
        if not self.draws and "frechet_gap" in [*self.metrics, *self.final_metrics]:
            raise ValueError("frechet_gap needs draws, but evaluate.draws is 0; set it to 10")
        return self

    @property
    def all_metrics(self) -> list[MetricName]:
        """The metrics that are measured at the last iteration."""
        gap = ["frechet_gap"] if self.draws else []
        return list(dict.fromkeys([*self.metrics, *gap, *self.final_metrics]))


class GanSpec(Spec):
    """A width study of a GAN."""

    kind: Literal["gan"] = Field("gan", description=KIND_OF_STUDY)
    fewer_seeds: dict[Width, Annotated[int, Field(ge=1)]] | None = Field(
        None,
        description="of costly widths, such as {64: 3}: how many of the seeds these have at most, the first of them",
    )
    data: DataConfig
    model: ModelConfig
    train: TrainConfig
    evaluate: EvaluateConfig

    def check_new(self) -> None:
        """Raise OverganError for a key without effect."""
        data, model = self.data, self.model
        if data.name == "digits" and data.root:
            raise OverganError(
                f"data.root={data.root} has no effect on digits, which are in scikit-learn; set data.name=folder "
                "to train on images that lie there, or leave it out"
            )
        depth = ModelConfig.model_fields["depth"].default
        if model.name != "mlp" and model.depth != depth:
            raise OverganError(
                f"model.depth={model.depth} has no effect on {model.name}, but on mlp; set it to {depth}"
            )
        if model.name == "mlp" and model.sampling_norm == "batch":
            raise OverganError("model.sampling_norm=batch has no effect on mlp, which has no norm; set it to running")

    def seeds_at(self, width: int) -> int:
        """How many of the seeds a width has, the first of them."""
        most = len(self.seeds)
        return min(most, (self.fewer_seeds or {}).get(width, most))

    @property
    def runs_a_seed(self) -> int:
        """How many runs every seed has, at each width: with each learning rate, by each rule."""
        return len(self.train.runs([0])) * max(1, len(self.parts))

    @property
    def parts(self) -> dict[str, Part]:
        """By folder the study of each held width: critic-16, critic-32, …, or generator-…."""
        found = {}
        for network in ("critic", "generator"):
            for width in getattr(self.model, f"{network}_widths") or ():
                held = {f"{network}_widths": None, f"{network}_width": width}
                spec = self.model_copy(update={"model": self.model.model_copy(update=held)})
                overrides = (f"model.{network}_widths=null", f"model.{network}_width={width}")
                found[f"{network}-{width}"] = Part(spec, overrides)
        return found

    @property
    def of_a_width(self) -> str:
        """The runs of a width, in words."""
        network = "critic" if self.model.critic_widths else "generator"
        counts = [self.seeds_at(width) for width in self.widths]
        seeds = f"{span(str(min(counts)), str(max(counts)))} {'seed' if max(counts) == 1 else 'seeds'}"
        of = {"learning rate": len(self.train.rates), "rule": len(self.train.rules)}
        of[f"{network} width"] = len(self.parts)
        return " × ".join([seeds, *(counted(count, what) for what, count in of.items() if count > 1)])

    @model_validator(mode="after")
    def _own_precision(self) -> "GanSpec":
        if self.model.own and self.train.precision == "bf16-mixed":
            raise ValueError("train.precision=bf16-mixed is not for a model of your own, which has its own precision")
        return self

    @model_validator(mode="after")
    def _own_rule(self) -> "GanSpec":
        if self.model.own and "mup" in self.train.rules:
            raise ValueError(
                "the learning-rate rule mup is for mlp, dcgan and resnet, whose layers it knows; for a model of your "
                "own use inverse or constant"
            )
        return self


def scaled(spec: GanSpec, factor: float, given: Collection[str]) -> GanSpec:
    """The spec with its iterations, its evaluations' spacing and its samples multiplied by factor.

    given: keys that stay as they are; with train.iterations the spacing does, too. Samples stay as many as every metric
    needs on each side.
    """
    train, evaluate, nnd = spec.train, spec.evaluate, spec.evaluate.nnd
    if "train.iterations" not in given:
        train = multiplied(train, factor, given, "train.", iterations=1, evaluate_every=1, log_every=1)
    nnd = multiplied(nnd, factor, given, "evaluate.nnd.", iterations=1, evaluation_batches=2)
    needed = max(METRICS[name].least for name in evaluate.all_metrics)
    evaluate = multiplied(evaluate, factor, given, "evaluate.", samples=needed).model_copy(update={"nnd": nnd})
    return spec.model_copy(update={"train": train, "evaluate": evaluate})


def lengthened(old: GanSpec, new: GanSpec) -> GanSpec:
    """The old spec with the iterations of the new one, if those are more.

    Raises OverganError if the runs of the old one cannot go on to them as the new one's would have come there.
    """
    before, after = old.train.iterations, new.train.iterations
    if after <= before:
        return old
    if old.train.schedule != "constant":
        raise OverganError(
            f"the learning rate of this study comes down to 0 at iteration {before:,} (train.schedule="
            f"{old.train.schedule}), so it cannot go on to {after:,}; begin another study with {{argument}}: one of "
            "train.schedule=constant can be trained longer",
            "out",
        )
    return old.model_copy(update={"train": old.train.model_copy(update={"iterations": after})})


def at_round(spec: GanSpec, newest: Round) -> GanSpec:
    """The spec with what a study that decides what to train has come to: more widths, and more iterations."""
    widths = sorted({*spec.widths, *newest.seeds})
    iterations = max(spec.train.iterations, newest.iterations)
    train = spec.train.model_copy(update={"iterations": iterations})
    return spec.model_copy(update={"widths": widths, "train": train})


def check_until_sure(spec: GanSpec) -> None:
    """Raise OverganError if a study cannot go on until it is sure: widths and seeds are what it compares."""
    if len(spec.widths) < FEWEST_WIDTHS:
        raise OverganError(
            f"{{argument}} compares widths, and the study has k = {spec.widths[0]} alone; give it others, such as by "
            f"widths=[{spec.widths[0]},{2 * spec.widths[0]},{4 * spec.widths[0]}]",
            "until_sure",
        )
    if len(spec.seeds) < FEWEST_SEEDS:
        raise OverganError(
            "{argument} tells widths apart by how much seeds differ, and the study has one seed; give it others, such "
            "as by seeds=[0,1,2]",
            "until_sure",
        )
