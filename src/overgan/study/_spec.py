"""The spec: what a study runs. YAML and overrides are read by OmegaConf and validated by pydantic."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from yaml import YAMLError

from overgan.data import DataConfig
from overgan.errors import OverganError, did_you_mean
from overgan.metrics import FeatureName
from overgan.models import ModelConfig
from overgan.training import TrainConfig

Width = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class EvaluateConfig(BaseModel):
    """The `evaluate` section: what is measured at every evaluation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    features: list[FeatureName] = Field(["classifier"], min_length=1, description="the first one decides the width")
    samples: int = Field(10_000, ge=2, description="images on each side of a comparison, if there are as many")


class Spec(BaseModel):
    """A width study: what to train, on what, at which widths and seeds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    figures: list[int] = Field([], description="figures of the paper that it gives")
    data: DataConfig
    model: ModelConfig
    widths: list[Width] = Field(min_length=1)
    seeds: list[Seed] = Field([0, 1, 2, 3, 4], min_length=1)
    train: TrainConfig
    evaluate: EvaluateConfig
    tolerance: float = Field(0.05, ge=0, description="a width is enough if its FID is at most this much above the best")
    scale: float = Field(1.0, gt=0, description="set by --scale: iterations and samples were multiplied by it")

    @field_validator("widths", "seeds")
    @classmethod
    def _sorted_and_unique(cls, values: list[int]) -> list[int]:
        if len(set(values)) != len(values):
            raise ValueError(f"{values} has the same value twice")
        return sorted(values)

    def scaled(self, factor: float) -> "Spec":
        """The spec with its iterations, its evaluations' spacing and its samples multiplied by factor."""

        def scale(value: int, least: int) -> int:
            return max(least, round(value * factor))

        train, evaluate = self.train, self.evaluate
        train = train.model_copy(
            update={
                "iterations": scale(train.iterations, 1),
                "evaluate_every": scale(train.evaluate_every, 1),
                "log_every": scale(train.log_every, 1),
            }
        )
        evaluate = evaluate.model_copy(update={"samples": scale(evaluate.samples, 2)})
        return self.model_copy(update={"train": train, "evaluate": evaluate, "scale": self.scale * factor})


def preset_names() -> list[str]:
    """The presets that come with overgan."""
    return sorted(p.name.removesuffix(".yaml") for p in files("overgan.presets").iterdir() if p.name.endswith(".yaml"))


def load_spec(preset_or_yaml: str | Path, overrides: Sequence[str] = (), scale: float = 1.0) -> Spec:
    """The spec of a preset or YAML file, with `key=value` overrides, then scaled.

    Raises OverganError for an unknown preset, a file that cannot be read, an unknown key, a wrong type or value.
    """
    path = Path(preset_or_yaml)
    preset = files("overgan.presets") / f"{preset_or_yaml}.yaml"
    try:
        if path.suffix in (".yaml", ".yml"):
            text, source = path.read_text(encoding="utf-8"), str(path)
        elif str(preset_or_yaml) in preset_names():
            text, source = preset.read_text(encoding="utf-8"), f"preset {preset_or_yaml}"
        else:
            raise OverganError(
                f"no preset {preset_or_yaml}{did_you_mean(str(preset_or_yaml), preset_names())} "
                "(a file of your own must end in .yaml)"
            )
    except (OSError, UnicodeDecodeError) as error:
        raise OverganError(f"the spec {path} cannot be read ({error})") from None
    for override in overrides:
        if "=" not in override:
            raise OverganError(f"--set {override}: write key=value, for example train.iterations=500")
    try:
        loaded = OmegaConf.create(text)
        merged = OmegaConf.merge(loaded, OmegaConf.from_dotlist(list(overrides)))
        values = OmegaConf.to_container(merged, resolve=True)
    except (OmegaConfBaseException, YAMLError, ValueError, TypeError) as error:
        first_line = str(error).splitlines()[0]
        raise OverganError(f"{source}: cannot be read as YAML with these overrides ({first_line})") from None
    if not scale > 0:
        raise OverganError(f"--scale {scale}: must be greater than 0, for example 0.01 for 1 %")
    return parse_spec(values, source).scaled(scale) if scale != 1 else parse_spec(values, source)


def parse_spec(values: Any, source: str) -> Spec:
    """The spec of plain values. Raises OverganError that names source and the first key that is wrong."""
    try:
        return Spec.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise OverganError(f"{source}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    *parents, last = first["loc"] or ("the whole file",)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        model: Any = Spec
        for parent in parents:
            model = model.model_fields[parent].annotation
        return f"unknown key {key}{did_you_mean(str(last), model.model_fields)}"
    if first["type"] == "missing":
        return f"{key} is missing; add it"
    return f"{key or last}: {first['msg']}, but it is {json.dumps(first['input'])}"
