"""A study's folder without weights and pictures."""

from pathlib import Path

from overgan.disk import to_json
from overgan.export._format import Chosen
from overgan.export._out import Out
from overgan.study import COPY, ROUNDS, STUDY, Description, Study
from overgan.training import PREVIOUS


def write_tables(study: Study, out: Out, _chosen: Chosen) -> list[Path]:
    """study.json, and of every group the rows and what a checkpoint says of them: a folder that is read as a study's.

    Of the folders on this machine it has none: images have the name of theirs, and the study is runs/NAME.
    """
    description = to_json(elsewhere(study).model_dump(mode="json"))
    written = [out.write(name, description) for name in (STUDY, COPY)]
    found = [study.folder / ROUNDS, *(of for k in study.spec.widths for of in _tables(study.group(k)))]
    written += [out.write(str(of.relative_to(study.folder)), of.read_bytes()) for of in found if of.exists()]
    return written[:1]


def _tables(group: Path) -> list[Path]:
    """The index first: it counts rows, to which a run that goes on only adds."""
    return sorted(path for path in group.glob("*.json*") if path.name != PREVIOUS)


def elsewhere(study: Study) -> Description:
    """The description as it would be where the images are in the working directory."""
    old = study.description
    spec = old.spec
    command = old.command.replace(str(study.folder), f"runs/{spec.name}")
    data = getattr(spec, "data", None)
    if data is not None and data.root:
        root = Path(data.root).name
        command = command.replace(data.root, root)
        spec = spec.model_copy(update={"data": data.model_copy(update={"root": root})})
    return old.model_copy(update={"spec": spec, "command": command})
