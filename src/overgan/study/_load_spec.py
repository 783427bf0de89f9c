"""Specs of any kind: YAML and overrides are read by OmegaConf and validated by pydantic."""

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from yaml import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from overgan.check import check
from overgan.data import is_hub
from overgan.errors import OverganError, did_you_mean
from overgan.study._explain import explain
from overgan.study._kinds import KINDS
from overgan.study._presets import preset_names
from overgan.study._quickstart import quickstart
from overgan.study._spec import Spec
from overgan.study._store import flat

# a preset's name, a .yaml file, images (a folder, an archive, an array, a dataset), plain values, or a spec
SpecSource = str | Path | Mapping[str, Any] | Spec
YAML = (".yaml", ".yml")
LARGEST_SCALE = 1_000_000
REFERENCE = re.compile(r"\$\{[\w.\[\]-]+\}")  # of one key to another


def load_spec(source: SpecSource, overrides: Sequence[str] = (), scale: float = 1.0) -> Spec:
    """The spec of a preset, a .yaml file, images, plain values or another spec, with `key=value` overrides.

    Of images it is a quickstart, which depends on them alone; a preset's name wins over a folder of that name.

    scale: its iterations and samples are multiplied by it, but not those that overrides give, and no metric is left
        with fewer images than it needs.

    A relative data.root of a file is relative to the file (or, if it is only there, to the current folder).

    Raises OverganError for an unknown preset, a file that cannot be read, an unknown key, a wrong type or value.
    """
    if isinstance(source, Spec):
        source = source.model_dump(mode="json")
    given, name = (dict(source), "spec") if isinstance(source, Mapping) else _read(source)
    for override in overrides:
        if "=" not in override:
            raise OverganError(
                f"{{argument}} {override}: write key=value, for example train.iterations=500", "overrides"
            )
        if override.partition("=")[0] == "scale":
            raise OverganError(
                f"{{argument}} {override}: the key scale says what was done; give the scale beside the overrides",
                "overrides",
            )
    try:
        loaded = OmegaConf.create(given)
    except RecursionError:
        raise OverganError(f"{name}: cannot be read as YAML (it is nested too deep); a spec has four levels") from None
    except (
        YAMLError,
        OmegaConfBaseException,
        AssertionError,
        ValueError,
    ) as error:
        raise OverganError(f"{name}{_place(error, given)}") from None
    try:
        changes = OmegaConf.from_dotlist(list(overrides))
        for config in (loaded, changes):
            _refuse_resolvers(OmegaConf.to_container(config, resolve=False), name)
        values: Any = OmegaConf.to_container(OmegaConf.merge(loaded, changes), resolve=True)
    except OverganError:
        raise
    except (OmegaConfBaseException, YAMLError, ValueError, TypeError, RecursionError) as error:
        first_line = str(error).splitlines()[0]
        raise OverganError(f"{name}: cannot be read as YAML with these overrides ({first_line})") from None
    if (root := _root(values)) and not _root(OmegaConf.to_container(changes)):
        values["data"]["root"] = _below(Path() if isinstance(source, Mapping) else Path(source).parent, root)
    check(0 < scale <= LARGEST_SCALE, "scale", scale, f"from above 0, such as 0.01 for 1 %, to {LARGEST_SCALE:,}")
    spec = parse_spec(values, name)
    if scale == 1:
        return spec
    fixed: Any = OmegaConf.to_container(changes)
    scaled: Spec = KINDS[spec.kind].scaled(spec, scale, flat(fixed))
    return scaled.model_copy(update={"scale": spec.scale * scale})


def _read(preset_or_yaml: str | Path) -> tuple[str | dict[str, Any], str]:
    """The YAML, or plain values, and what it is called in errors."""
    path = Path(preset_or_yaml)
    try:
        if path.suffix in YAML:
            return path.read_text(encoding="utf-8"), str(path)
        if str(preset_or_yaml) in preset_names():
            preset = files("overgan.presets") / f"{preset_or_yaml}.yaml"
            return preset.read_text(encoding="utf-8"), f"preset {preset_or_yaml}"
    except (OSError, UnicodeDecodeError) as error:
        raise OverganError(f"the spec {path} cannot be read ({error})") from None
    if names_images(preset_or_yaml):
        return quickstart(preset_or_yaml), str(preset_or_yaml)
    if len(path.parts) > 1:
        raise OverganError(
            f"{preset_or_yaml} does not exist; name a preset, a .yaml file, or a folder or file of images"
        )
    raise OverganError(
        f"no preset {preset_or_yaml}{did_you_mean(str(preset_or_yaml), preset_names())} "
        "(a file of your own must end in .yaml; images, a folder, archive or array, must be there)"
    )


def names_images(source: SpecSource) -> bool:
    """Whether `load_spec` takes the source for images: no .yaml file or preset, but something that is there."""
    if not isinstance(source, str | Path) or Path(source).suffix in YAML or str(source) in preset_names():
        return False
    return is_hub(source) or Path(source).expanduser().exists()


def _place(error: Exception, text: Any) -> str:
    """Line and column of an error in YAML, both from 1, and what it is."""
    what = getattr(error, "problem", None) or (str(error) or "keys with values are needed").splitlines()[0]
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        line, column = error.problem_mark.line, error.problem_mark.column
    elif isinstance(error, ReaderError):
        before = text.encode()[: error.position].decode().split("\n")
        line, column = len(before) - 1, len(before[-1])
    else:
        return f": cannot be read as YAML ({what})"
    return f", line {line + 1}, column {column + 1}: cannot be read as YAML ({what})"


def _refuse_resolvers(values: Any, name: str) -> None:
    """Raise OverganError for a resolver of OmegaConf in any text, such as ${oc.env:HOME}: a spec is data alone."""
    if isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            _refuse_resolvers(value, name)
    elif isinstance(values, str) and "${" in values:
        left, found = values, 1
        while found:  # from the innermost, for references may be nested
            left, found = REFERENCE.subn("", left)
        if "${" in left:
            raise OverganError(
                f"{name}: {values!r}: only references to other keys, such as ${{train.batch}}, may stand in ${{ }}"
            )


def _root(values: Any) -> str | None:
    """The data.root of plain values."""
    data = values.get("data") if isinstance(values, dict) else None
    root = data.get("root") if isinstance(data, dict) else None
    return root if isinstance(root, str) else None


def _below(folder: Path, root: str) -> str:
    """The root as a path below the folder, unless it is only in the current one, which it once was relative to."""
    if is_hub(root):
        return root
    beside = folder / Path(root).expanduser()
    return str(beside.resolve()) if beside.exists() or not Path(root).exists() else root


def parse_spec(values: Any, source: str) -> Spec:
    """The spec of plain values. Raises OverganError that names source and the first key that is wrong."""
    kind = values.get("kind", "gan") if isinstance(values, dict) else "gan"
    try:
        model: type[Spec] = KINDS[str(kind)].spec
        return model.model_validate_json(json.dumps(values))
    except TypeError as error:  # of a value that only YAML has
        raise OverganError(f"{source}: {error}; write text or numbers") from None
    except ValidationError as error:
        raise OverganError(f"{source}: {explain(error, model)}") from None
    except OverganError as error:
        raise OverganError(f"{source}: kind: {error.message.removeprefix('kind: ')}", error.argument) from None
