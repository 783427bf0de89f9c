"""Write the tables of a spec's keys into docs/reference.md, from the descriptions in the code."""

import re
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from overgan.study import KINDS, Spec
from overgan.training import LOSSES

PAGE = Path(__file__).with_name("reference.md")
TABLE = r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)"


def with_tables(page: str) -> str:
    """The page with every table between its marks made anew: of `every` kind's keys, or of those of one kind."""

    def made(match: re.Match[str]) -> str:
        kind = match[2]
        common = rows(Spec)
        found = common if kind == "every" else [r for r in rows(KINDS[kind].spec) if r[0] not in {c[0] for c in common}]
        lines = ["| key | default | meaning |", "|---|---|---|", *(f"| `{k}` | {d} | {m} |" for k, d, m in found)]
        return match[1] + "\n".join(lines) + "\n" + match[3]

    return re.sub(TABLE, made, page, flags=re.DOTALL)


def rows(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str, str]]:
    """Key, default and meaning of every field, those of sections included; NAME stands for a name of one's own."""
    found: list[tuple[str, str, str]] = []
    for key, field in model.model_fields.items():
        section, named = field.annotation, ""
        if get_origin(section) is dict:
            section, named = get_args(section)[1], "NAME."
        is_section = isinstance(section, type) and issubclass(section, BaseModel)
        meaning = (field.description or "").replace("|", "\\|")
        if not is_section:
            found.append((prefix + key, default_of(field), meaning))
            continue
        if meaning:
            found.append((prefix + key, "", meaning))
        found += rows(section, f"{prefix}{key}.{named}")
    return found


def default_of(field: FieldInfo) -> str:
    """The default in words; of one that depends on the loss, every loss's."""
    if field.default_factory is not None:
        of = {
            name: flow(field.get_default(call_default_factory=True, validated_data={"loss": name})) for name in LOSSES
        }
        return "by loss: " + ", ".join(f"{name} `{default}`" for name, default in of.items())
    return "required" if field.is_required() else "" if field.default is None else f"`{flow(field.default)}`"


def flow(value: Any) -> str:
    """A value as YAML, on one line."""
    value = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
