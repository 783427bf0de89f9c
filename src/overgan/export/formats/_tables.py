"""A study's folder without weights and pictures."""

import shlex
from pathlib import Path

from overgan.disk import to_json
from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.study import ROUNDS, STUDY, Description, Study
from overgan.training import PREVIOUS

AND = " && "  # between the commands of a study that was merged


def write_tables(study: Study, out: Out, _chosen: Chosen) -> list[Path]:
    """study.json, and of every group the rows and what a checkpoint says of them: a folder that is read as a study's.

    Of the folders on this machine it has none: images have the name of theirs, and the study is runs/NAME.
    """
    for path in (study.folder / ROUNDS, *(of for k in study.spec.widths for of in _tables(study.group(k)))):
        if path.exists():
            out.write(str(path.relative_to(study.folder)), path.read_bytes())
    return [out.write(STUDY, to_json(elsewhere(study).model_dump(mode="json")))]


def _tables(group: Path) -> list[Path]:
    """The index first: it counts rows, to which a run that goes on only adds."""
    return sorted(path for path in group.glob("*.json*") if path.name != PREVIOUS)


def elsewhere(study: Study) -> Description:
    """The description as it would be where the images are in the working directory."""
    old = study.description
    spec = old.spec
    commands = [shlex.split(of) for of in old.command.split(AND)]
    for words in commands:
        if "--out" in words[:-1]:
            at = words.index("--out") + 1
            words[at] = f"runs/{Path(words[at]).name}"
    data = getattr(spec, "data", None)
    if data is not None and data.root:
        root = Path(data.root).name
        commands = [[word.replace(data.root, root) for word in words] for words in commands]
        spec = spec.model_copy(update={"data": data.model_copy(update={"root": root})})
    return old.model_copy(update={"spec": spec, "command": AND.join(map(shlex.join, commands))})
