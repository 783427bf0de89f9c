"""A study's folder without weights and pictures."""

import re
import shlex
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from overgan.data import is_hub
from overgan.disk import to_json
from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.study import ROUNDS, STUDY, Description, Study
from overgan.training import PREVIOUS

AND = "&&"  # between the commands of a study that was merged


def write_tables(study: Study, out: Out, _chosen: Chosen) -> list[Path]:
    """study.json, and of every group the rows and what a checkpoint says of them: a folder that is read as a study's.

    Of the folders on this machine it has none: only the names of the images', the study's and a weights file are left.
    """
    for path in (study.folder / ROUNDS, *(of for k in study.spec.widths for of in _tables(study.group(k)))):
        if path.exists():
            out.write(str(path.relative_to(study.folder)), path.read_bytes())
    return [out.write(STUDY, to_json(elsewhere(study).model_dump(mode="json")))]


def _tables(group: Path) -> list[Path]:
    """The index first: it counts rows, to which a run that goes on only adds. What killed writes left is none."""
    return sorted(path for path in group.glob("[!.]*.json*") if path.name != PREVIOUS)


def elsewhere(study: Study) -> Description:
    """The description as it would be where the images are in the working directory."""
    old = study.description
    spec, root = old.spec, ""
    data = getattr(spec, "data", None)
    if data is not None and data.root and not is_hub(data.root):
        root = Path(data.root).name or data.root  # of . there is no name
        spec = spec.model_copy(update={"data": data.model_copy(update={"root": root})})
    evaluate = getattr(spec, "evaluate", None)
    if evaluate is not None and evaluate.inception_weights:
        weights = Path(evaluate.inception_weights).name
        spec = spec.model_copy(update={"evaluate": evaluate.model_copy(update={"inception_weights": weights})})
    words = [
        f"runs/{Path(word).name}" if before == "--out" else _named(word, root)
        for before, word in pairwise(["", *shlex.split(old.command)])
    ]
    return old.model_copy(update={"spec": spec, "command": command_of(words)})


def _named(word: str, root: str) -> str:
    """The word, but of a path, be it after KEY=, the name alone, if it is of this machine or the images'."""
    key = re.match(r"[\w.]+=", word)
    value = word[key.end() :] if key else word
    name = Path(value).name
    local = Path(value).is_absolute() or value.startswith("~") or name == root
    return word.removesuffix(value) + name if local and name else word


def command_of(words: Iterable[str]) -> str:
    """The command, or several, of these words, as a shell takes it."""
    return " ".join(word if word == AND else shlex.quote(word) for word in words)
