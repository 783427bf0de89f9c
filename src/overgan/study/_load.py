"""Specs and studies, whichever kind they are: YAML and overrides read by OmegaConf and validated by pydantic."""

import json
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from yaml import YAMLError

from overgan.disk import read_json
from overgan.errors import OverganError, did_you_mean
from overgan.study._explain import explain
from overgan.study._spec import Spec
from overgan.study._store import STUDY, Description
from overgan.study._study import Study

KINDS = (
    "gan",
    "shallow",
    "prediction",
    "certificate",
)  # each is a module of this package, imported when it is needed: PyTorch takes seconds


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
    kind = values.get("kind", "gan") if isinstance(values, dict) else "gan"
    if kind not in KINDS:
        raise OverganError(f"{source}: kind: must be one of {', '.join(KINDS)}, but it is {json.dumps(kind)}")
    model: type[Spec] = import_module(f"overgan.study._{kind}").SPEC
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise OverganError(f"{source}: {explain(error, model)}") from None


def read_description(folder: Path) -> Description:
    """What study.json says. Raises OverganError if it is missing or damaged."""
    values = read_json(folder / STUDY)
    try:
        spec = parse_spec(values.pop("spec"), str(folder / STUDY))
        return Description(spec=spec, **values)
    except (ValidationError, KeyError, TypeError, AttributeError):
        raise OverganError(f"{folder / STUDY} is not the description of a study; restore it from a copy") from None


def load(folder: str | Path) -> Study:
    """The study in a folder, finished or not. Raises OverganError if there is none."""
    description = read_description(Path(folder))
    return description.spec.study(Path(folder), description)
