"""A spec as YAML, with the meaning of every key from the models' descriptions."""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from overgan.study._spec import Spec

COMMENT_COLUMN = 44


def spec_yaml(spec: Spec) -> str:
    """The spec as YAML that `load_spec` reads as the same spec, each key's meaning as a comment behind it."""
    return "".join(f"{line}\n" for line in _lines(spec, ""))


def _lines(model: BaseModel, indent: str) -> Iterator[str]:
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        comment = field.description or ""
        if isinstance(value, BaseModel):
            yield _line(f"{indent}{key}:", comment)
            yield from _lines(value, f"{indent}  ")
        elif isinstance(value, dict) and all(isinstance(section, BaseModel) for section in value.values()):  # by name
            yield _line(f"{indent}{key}:", comment)
            for name, section in value.items():
                yield f"{indent}  {_flow(name)}:"
                yield from _lines(section, f"{indent}    ")
        else:
            yield _line(f"{indent}{key}: {_flow(value)}", comment)


def _line(text: str, comment: str) -> str:
    return f"{text:<{COMMENT_COLUMN}} # {comment}" if comment else text


def _flow(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True).removesuffix("...\n").strip()
