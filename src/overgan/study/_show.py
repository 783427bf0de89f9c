"""A spec as YAML with the meaning of every key, and the tables of keys of the reference, from the same descriptions."""

from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

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
        elif isinstance(value, dict):  # of sections, by name
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


def reference_table(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str, str]]:
    """Rows of key, default and meaning of a spec's model, sections within it included; NAME is for names of one's own.

    prefix: of the keys, such as "train.".
    """
    rows: list[tuple[str, str, str]] = []
    for key, field in model.model_fields.items():
        section, named = _section(field.annotation)
        if section is None:
            rows.append((f"{prefix}{key}", _default(field), field.description or ""))
            continue
        if field.description:
            rows.append((f"{prefix}{key}", "", field.description))
        rows += reference_table(section, f"{prefix}{key}.{'NAME.' if named else ''}")
    return rows


def _section(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model of a section, and whether there are several, each under a name."""
    inner = get_args(annotation)
    model = inner[1] if len(inner) == 2 and getattr(annotation, "__origin__", None) is dict else annotation
    return (
        (model, model is not annotation) if isinstance(model, type) and issubclass(model, BaseModel) else (None, False)
    )


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    return "" if field.default is None else f"`{_flow(field.default)}`"
