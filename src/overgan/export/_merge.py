"""Runs of one study that were trained apart, on machines that share nothing: all but their weights in one folder."""

import shlex
from collections.abc import Iterable, Sequence
from itertools import chain, count, pairwise
from pathlib import Path
from typing import Any, cast

from overgan.check import check
from overgan.disk import sha256, to_lines, write_atomic, write_json, write_table
from overgan.errors import OverganError
from overgan.export.formats._tables import AND, command_of, elsewhere
from overgan.metrics import current_row
from overgan.study import Study, flat, group_folder, load, read_rounds, refuse_other_numbers, write_description
from overgan.study.gan import LATER, GanSpec, GanStudy, later_rows
from overgan.training import (
    EVALUATIONS,
    INDEX,
    LOG,
    NEIGHBOURS,
    PROGRESS,
    SAMPLES,
    Checkpoint,
    best_distance,
    counted_rows,
    read_checkpoint,
    read_rows,
    rows_of,
    seeds_of,
)
from overgan.words import joined

APART = ("widths", "seeds", "fewer_seeds")  # in which the studies may differ
Part = tuple[GanStudy, Checkpoint]  # the group of one width in one of the studies


def merge(folders: Sequence[str | Path], out: str | Path, *, trust: bool = False) -> Study:
    """Put the runs of studies that differ in their widths and seeds alone into one, and return it.

    It has their tables and pictures, and no weights: no new samples can be had of it, and it cannot be trained on. The
    pictures of samples are of the first folder that has some. A width that only some of them have may have fewer seeds
    than others, but these must be the first ones.

    folders: of finished studies of GANs, on the same images and with the same feature networks, to the bit.
    out: a folder that is not there, or empty.
    trust: as in `overgan.load`.

    Raises OverganError if they differ in anything else, if one went on until it was sure, if a run is in two of them or
    not finished, if the seeds of a width are not the first ones of the whole, if later metrics are of other numbers of
    images, or if `out` has files.
    """
    check(len(folders) > 1, "folders", str(len(folders)), "two studies or more")
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OverganError(f"{folder} is there already; name another folder with {{argument}}", "out")
    studies = [_gan(load(of, trust)) for of in folders]
    for other in studies[1:]:
        _refuse_another(studies[0], other)
    widths = sorted({width for study in studies for width in study.spec.widths})
    groups = {width: [(s, _finished(s, width)) for s in studies if width in s.spec.widths] for width in widths}
    spec = _spec(studies, {width: _seeds(width, parts) for width, parts in groups.items()})
    later = {
        width: [row for study, _ in parts for row in later_rows(study.group(width))] for width, parts in groups.items()
    }
    _refuse_mixed(chain.from_iterable(later.values()))
    for width, parts in groups.items():
        _write(folder, width, spec, parts, later[width], _threads(studies[0]))
    description = elsewhere(studies[0])
    parameters = {width: parts[0][0].description.parameters[width] for width, parts in groups.items()}
    command = _command(studies, f"runs/{folder.resolve().name}")
    update = {"spec": spec.model_copy(update={"data": cast(GanSpec, description.spec).data}), "parameters": parameters}
    write_description(folder, description.model_copy(update=update | {"command": command}))
    return load(folder, trust)


def _command(studies: Sequence[Study], out: str) -> str:
    """The studies' commands, each of which leaves them in folders of their own, and that of merging these."""
    used, commands, parts = {out}, [], []
    for study in studies:
        words = shlex.split(elsewhere(study).command)
        named = [after for before, after in pairwise(words) if before == "--out"]
        own: dict[str, str] = {}
        for name in named or [f"runs/{study.folder.resolve().name}"]:
            own[name] = next(of for n in count(1) if (of := f"{name}-{n}" if n > 1 else name) not in used)
            used.add(own[name])
        commands.append(command_of(own.get(word, word) for word in words))
        parts.append([*own.values()][-1])
    merging = shlex.join(["overgan", "merge", *parts, "--out", out])
    return f" {AND} ".join([*dict.fromkeys(commands), merging])


def _gan(study: Study) -> GanStudy:
    if not isinstance(study, GanStudy):
        raise OverganError(f"{study.place} is a study of the kind {study.spec.kind}; only those of GANs are merged")
    if read_rounds(study.folder):
        message = "went on until it was sure, by seeds that it chose; only studies that never did are merged"
        raise OverganError(f"{study.place} {message}")
    return study


def _refuse_another(first: GanStudy, other: GanStudy) -> None:
    """Raise OverganError if the runs of both are not of one study."""
    only = "only studies that differ in their widths and seeds alone are merged"
    before, after = (flat(study.spec.model_dump(mode="json", exclude={*APART})) for study in (first, other))
    for key in before | after:
        if key != "data.root" and before.get(key) != after.get(key):
            both = f"{first.place} has {key}={before.get(key)} and {other.place} {after.get(key)}"
            raise OverganError(f"{both}; {only}")
    try:
        refuse_other_numbers(first.folder, first.description, other.description)
    except OverganError as error:
        raise OverganError(f"{other.place}: {error.message.rpartition('; ')[0]}; {only}") from None


def _refuse_mixed(rows: Iterable[dict[str, Any]]) -> None:
    """Raise OverganError if what was measured later in one feature space is of several numbers of images."""
    counts: dict[str, set[str]] = {}
    for row in rows:
        if "compared" in row:  # the others are of networks, or of older versions
            everything, each = f"{row['generated']:,} images and all real ones", f"{row['compared']:,} images a side"
            counts.setdefault(row["features"], set()).add(everything if row["generated"] else each)
    for features, found in counts.items():
        if len(found) > 1:
            message = f"what was measured later in {features} features is of {joined(sorted(found))}"
            raise OverganError(f"{message}, which do not compare; measure one part again")


def _finished(study: GanStudy, width: int) -> Checkpoint:
    checkpoint = read_checkpoint(study.group(width))
    if checkpoint is None or not study.group_status(width).complete:
        raise OverganError(f"k = {width} of {study.place} is not finished; go on with `{study.description.command}`")
    return checkpoint


def _seeds(width: int, parts: Sequence[Part]) -> set[int]:
    """Those of a width in all of the studies. Raises OverganError if two have the same."""
    found: dict[int, GanStudy] = {}
    for study, checkpoint in parts:
        for seed in seeds_of(checkpoint, study.spec.seeds):
            if seed in found:
                both = f"{found[seed].place} and {study.place}"
                raise OverganError(f"seed {seed} of k = {width} is in {both}; only runs that differ are merged")
            found[seed] = study
    return {*found}


def _spec(studies: Sequence[GanStudy], seeds: dict[int, set[int]]) -> GanSpec:
    """That of the whole, whose seeds are in the order of a study that has all.

    Raises OverganError if the seeds of a width are not the first ones.
    """
    union = set[int]().union(*seeds.values())
    every = next((study.spec.seeds for study in studies if {*study.spec.seeds} == union), sorted(union))
    for width, of in seeds.items():
        if of != {*every[: len(of)]}:
            has = f"k = {width} has the seeds {sorted(of)}"
            raise OverganError(f"{has}, not the first of {every}; train what is missing")
    fewer = {width: len(of) for width, of in seeds.items() if len(of) < len(every)}
    return studies[0].spec.model_copy(update={"widths": [*seeds], "seeds": every, "fewer_seeds": fewer or None})


def _threads(study: GanStudy) -> int:
    threads: int = study.description.machine.get("threads", 1)
    return threads


def _write(
    folder: Path, width: int, spec: GanSpec, parts: Sequence[Part], later: Sequence[dict[str, Any]], threads: int
) -> None:
    """The tables and pictures of a width's runs, part after part; seconds are of so many threads."""
    group = group_folder(folder, width)
    group.mkdir(parents=True, exist_ok=True)
    folders = [study.group(width) for study, _ in parts]
    counted = {}
    for name in (LOG, EVALUATIONS):
        tables = (counted_rows(of, name, index) for of, (_, index) in zip(folders, parts, strict=True))
        lines = to_lines(chain.from_iterable(tables))
        write_atomic(group / name, lines)
        counted[name] = rows_of(lines)
    if later:
        write_table(group / LATER, later)
    indices = [index for _, index in parts]
    config = spec.train
    left = {run for index in indices for run in index.left(config)}
    order = [run for run in config.runs(spec.seeds) if run in left]
    index = indices[0].model_copy(
        update={
            "iteration": max(index.iteration for index in indices),  # one whose runs all diverged ended before
            "seeds": [run.seed for run in order],
            "runs": order if config.several else [],
            "diverged": {name: at for index in indices for name, at in index.diverged.items()},
            "seconds": sum(index.seconds * _threads(study) / threads for study, index in parts),
            "rows": counted,
            "pictures": _take_pictures(group, width, parts),
        }
    )
    write_json(group / INDEX, index.model_dump(mode="json"))
    best = best_distance([current_row(row) for row in read_rows(group, EVALUATIONS)])
    write_json(group / PROGRESS, {"iteration": index.iteration, "seconds": index.seconds} | best)


def _take_pictures(group: Path, width: int, parts: Sequence[Part]) -> dict[str, str]:
    """Copy the first samples that there are, and the images nearest to every run's; their SHA-256, by name."""
    taken: dict[str, str] = {}
    for study, index in parts:
        neighbours = [f"{NEIGHBOURS}/seed-{seed}" for seed in seeds_of(index, study.spec.seeds)]
        samples = [] if any(name.startswith(f"{SAMPLES}/") for name in taken) else [SAMPLES]  # one folder's alone
        for folder in (*samples, *neighbours):
            for path, content in study.pictures(width, folder).items():
                name = f"{folder}/{path.name}"
                if name not in taken:
                    (group / name).parent.mkdir(parents=True, exist_ok=True)
                    write_atomic(group / name, content)
                    taken[name] = sha256(content)
    return taken
