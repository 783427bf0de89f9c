"""Write the tables of a spec's keys into docs/reference.md, and docs/commands.md, from the descriptions in the code."""

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from overgan.cli import app
from overgan.study import KINDS, Spec
from overgan.training import LOSSES

PAGE = Path(__file__).with_name("reference.md")
COMMANDS = Path(__file__).with_name("commands.md")
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


def commands() -> str:
    """The page of the command line: what each command does, its arguments and options."""
    group: Any = get_command(app)
    parts = [
        "# Commands",
        "What `overgan COMMAND -h` says. What `--json` prints, and exit codes: [reference](reference.md#json).",
    ]
    for name, command in group.commands.items():
        arguments = [param for param in command.params if not param.opts[0].startswith("-")]
        usage = " ".join(["overgan", name, *(placeholder(param) for param in arguments), "[options]"])
        given = "\n".join(option(param) for param in command.params)
        parts += [f"## {name}", f"`{usage}`", command.help.replace("\b\n", ""), given]
    return "\n\n".join(parts) + "\n"


def placeholder(param: Any) -> str:
    """What stands for an argument in a usage line."""
    name = param.metavar or param.name.upper()
    name = f"{name.rstrip('…')} …" if param.nargs == -1 else name
    return name if param.required else f"[{name}]"


def option(param: Any) -> str:
    """An item of the list: an option's names, what it takes, its meaning and default."""
    is_flag = getattr(param, "is_flag", False)
    called = placeholder(param)
    if param.opts[0].startswith("-"):
        annotation = param.type_descriptor.annotation
        kind = "|".join(get_args(annotation)) if get_origin(annotation) is Literal else annotation.__name__.upper()
        called = ", ".join([*param.opts, *param.secondary_opts]) + ("" if is_flag else f" {param.metavar or kind}")
    default = None if is_flag or callable(param.default) else param.default
    end = " [required]" if param.required and called.startswith("-") else ""
    said = (param.help or "").rstrip(".") + (end if default in (None, (), []) else f" [default: {default}]")
    return f"- `{called}`: {said}."


if __name__ == "__main__":
    COMMANDS.write_text(commands(), encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
