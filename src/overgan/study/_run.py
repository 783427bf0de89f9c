"""Running a study: what is on disk is compared with what is asked for, described, and handed to an executor."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from overgan.check import check
from overgan.data import GivenImages, keep_arrays
from overgan.disk import cannot_write, remove_unfinished, try_lock, unfinished_write_of, write_atomic
from overgan.errors import OverganError
from overgan.own import importing_only
from overgan.stores import ADDRESS, address_of, naming_addresses
from overgan.study._finish import Watcher, execute_until_done
from overgan.study._hold import run_at
from overgan.study._kinds import KINDS
from overgan.study._load import load, read_description
from overgan.study._load_spec import SpecSource, load_spec
from overgan.study._machine import machine, versions
from overgan.study._mirror import PATIENCE, publish
from overgan.study._opening import Opened, Opening
from overgan.study._place import placed
from overgan.study._planning import alone
from overgan.study._quickstart import apart, with_root
from overgan.study._rounds import ROUNDS, on_machine, read_rounds, write_rounds
from overgan.study._show import spec_yaml
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus
from overgan.study._store import (
    COPY,
    IMAGES,
    STUDY,
    SURFACE,
    Description,
    refuse_another_spec,
    refuse_other_numbers,
    study_folder,
    write_description,
)
from overgan.study._study import Study
from overgan.study._sure import how_sure, refuse_unless_sure, with_rounds
from overgan.study._surface import begin_surface
from overgan.study.execute import EXECUTORS, Elsewhere, Job

SPEC = "spec.yaml"  # in the folder of a study whose spec came from no file


def run(
    spec: SpecSource | GivenImages,
    out: str | Path | None = None,
    overrides: Sequence[str] = (),
    *,
    scale: float = 1.0,
    workers: int | None = None,
    threads: int | None = None,
    device: str = "auto",
    executor: str = "local",
    options: Mapping[str, Any] | None = None,
    until_sure: bool = False,
    confidence: float | None = None,
    budget: str | None = None,
    opened: Opened | None = None,
    watch: Watcher | None = None,
) -> Study:
    """Start a study, or go on with the one in its folder, and return it when all of its groups are done.

    Slurm goes on without this process: there it is returned when its groups are in the queue.

    The one in the folder may have fewer widths than the spec, fewer seeds, if the new ones are the smallest numbers not
    among them, and, at a constant learning rate, fewer iterations: its finished runs are then trained longer. Anything
    else that differs is refused.

    spec: a preset's name, a .yaml file, a dict of a spec's keys, a Spec, or images: a path, or as `given_arrays` takes
        them, also as the "data" of a dict. Those are kept in the study's folder, images.npz.
    out: the study's folder, by default runs/NAME, or an address such as s3://bucket/study (docs/stores.md).
    overrides: `key=value` changes of the spec, such as "train.iterations=500".
    scale: fraction of the iterations and samples to run, but for those that overrides give.
    workers: processes; by default one a core, or one a GPU, but no more than there are widths. On a cluster: groups
        that are trained at once, by default as many as it has room for.
    threads: of each worker; by default its share of the cores; on a cluster, 1.
    device: cpu, cuda (every GPU that PyTorch sees), or auto: cuda if there is one.
    executor: what starts the workers: local (processes on this machine), ray (Ray on this machine), ray://auto or
        ray://HOST:PORT (a cluster of Ray), slurm, or package.module:name of your own class.
    options: of the executor, by name: gpus (ray, slurm) of each group, or its share of one; slurm: sbatch's options,
        such as "partition=gpu,time=4:00:00".
    until_sure: whether the study decides what to train next, from a few seeds of each width on, until it can name the
        narrowest width that is enough (docs/sure.md): more seeds, a wider one, or longer runs. One that was begun
        without goes on with it; without, one that was begun with it goes on to its whole grid.
    confidence: with until_sure, that the width is the right one, whenever the study stops; by default 0.95.
    budget: with until_sure, the time that this call may take, such as "2h".
    opened: called once, before images are read, with what is about to be done.
    watch: called about twice a second with every group's status; less often where there are hundreds of groups.

    A spec with model.critic_widths, or generator_widths, is of several studies, which are run in turn, each in a folder
    below that of all; the result is a `Surface`.

    The same spec on the same machine with the same numbers of workers and threads gives the same bits,
    interrupted or not.

    Raises OverganError for a wrong spec, images or a device that cannot be had, a folder that is in use, that cannot be
    written or that holds another study, or a damaged checkpoint; WorkerError if a worker dies.
    """
    source, arrays = apart(spec)
    resolved = load_spec(source, overrides, scale)
    if not until_sure:
        refuse_unless_sure(confidence, budget)
    if resolved.parts:
        folder = begin_surface(resolved, out, until_sure=until_sure)
        same: dict[str, Any] = {"scale": scale, "workers": workers, "threads": threads, "device": device}
        same |= {"executor": executor, "options": options, "opened": opened, "watch": watch}
        for name, part in resolved.parts.items():
            run(spec, folder / name, [*overrides, *part.overrides], **same)
        from overgan.study.gan import Surface  # which imports PyTorch, as theory studies do not need

        return Surface(folder, trust=True)
    folder, kind = study_folder(resolved, out), KINDS[resolved.kind]
    sure = how_sure(kind, resolved, confidence, budget) if until_sure else None
    name, _, address = executor.partition("://")
    if not address and (slashless := name.partition(":"))[0] in EXECUTORS and slashless[1]:
        raise OverganError(f"no executor {name}; write {slashless[0]}://{slashless[2]}")
    start = EXECUTORS[name]
    if arrays:
        resolved = with_root(resolved, str(folder.resolve() / IMAGES))
    check(workers is None or workers >= 1, "workers", workers, "at least 1")
    check(threads is None or threads >= 1, "threads", threads, "at least 1")
    elsewhere = issubclass(start, Elsewhere)
    detached = issubclass(start, Elsewhere) and start.detached
    places = {"elsewhere": elsewhere, "alone": elsewhere and not (address or detached)}
    devices, workers, threads = placed(kind, len(resolved.widths), device, workers, threads, **places)
    job = Job(
        folder, address_of(folder) or str(folder.resolve()), workers, devices, threads, address, dict(options or {})
    )
    if issubclass(start, Elsewhere):
        start.check(job)
    elif address or options:
        if options:
            raise OverganError(f"{{argument}}: {name} has no such option; leave it out", next(iter(options)))
        raise OverganError(f"{{argument}}: {name} takes no address; write {name} alone", "executor")
    try:
        with naming_addresses(), ExitStack() as stack:
            look = stack.enter_context(run_at(folder))
            begun = (folder / STUDY).exists()
            if begun:
                _lock(stack, folder)
            elif not (folder.parent / SURFACE).exists():  # of several studies, which were checked when they were begun
                resolved.check_new()
            # without a study they are what a run left that was killed before its study.json
            before = read_rounds(folder) if begun else None
            resolved = _in_order(folder, resolved) if begun else resolved
            resolved, rounds = with_rounds(kind, resolved, before, sure, begun=begun)
            if begun:
                refuse_another_spec(folder, _lengthened(folder, resolved), resolved)
            elif folder.exists() and not _free(folder):
                raise OverganError(
                    f"{folder} is not empty and holds no study; name another folder with {{argument}}", "out"
                )
            if opened:
                begun_groups = _groups(folder, resolved) if begun else []
                opened(Opening(resolved, folder, devices, workers, threads, begun_groups, executor, detached))
            if arrays:
                if not (begun or (folder / IMAGES).exists()):
                    stack.callback(_forget_unless_begun, folder)
                keep_arrays(folder / IMAGES, arrays)
            description = Description(
                spec=resolved,
                command=_command(source, folder, overrides, scale) + (sure.words if sure else ""),
                versions=versions(),
                machine=machine(workers) | {"threads": threads, "devices": devices, "executor": name},
                **asdict(kind.facts(resolved)),
            )
            if begun:
                old = read_description(folder)
                refuse_other_numbers(folder, old, description)
                rounds = rounds and on_machine(rounds, old.machine, description.machine)
            else:
                _lock(stack, folder)
                if (folder / STUDY).exists():
                    raise OverganError(f"{folder} was begun by another run a moment ago; start this one again")
            with alone(folder, PATIENCE) if begun and rounds else nullcontext(True) as free:
                if not free or (begun and read_rounds(folder) != before):  # jobs on a cluster plan meanwhile
                    raise OverganError(f"{folder} went on to another round a moment ago; start this one again")
                for name in (STUDY, COPY, SPEC, IMAGES, ROUNDS):
                    remove_unfinished(folder, name)
                if rounds:
                    write_rounds(folder, rounds)
                elif not begun:
                    (folder / ROUNDS).unlink(missing_ok=True)
                write_description(folder, description)  # before other files, with which alone a folder is refused
            if not isinstance(source, str | Path):
                write_atomic(folder / SPEC, spec_yaml(with_root(resolved, IMAGES) if arrays else resolved).encode())
            publish(folder)
            execute_until_done(start, job, watch, look)
    except OSError as error:
        what = cannot_write(folder, error, "make room, or name another folder with {argument}")
        raise OverganError(f"{what}; the same command goes on", "out") from None
    return load(folder, trust=True)


def _free(folder: Path) -> bool:
    """Whether a study may begin here: there is nothing but what one leaves that was killed before its study.json."""
    return folder.is_dir() and all(
        path.name in (".lock", ADDRESS, IMAGES, ROUNDS)
        or any(unfinished_write_of(path.name, name) for name in (STUDY, IMAGES, ROUNDS))
        for path in folder.iterdir()
    )


def _lengthened(folder: Path, new: Spec) -> Spec:
    """The spec of the study in the folder, with the length of the new one, to which its runs may go on."""
    with importing_only([new.kind]):  # what the folder names beside it is another study's
        old = read_description(folder).spec
    if old.kind != new.kind:
        return old
    try:
        lengthened: Spec = KINDS[new.kind].lengthened(old, new)
    except OverganError as error:
        raise OverganError(f"{folder}: {error.message}", error.argument) from None
    return lengthened


def _in_order(folder: Path, new: Spec) -> Spec:
    """The spec with the seeds of the study in the folder first, in their order, in which its weights lie."""
    with importing_only([new.kind]):
        old = read_description(folder).spec
    if not {*old.seeds} <= {*new.seeds}:
        return new
    return new.model_copy(update={"seeds": [*old.seeds, *sorted({*new.seeds} - {*old.seeds})]})


def _groups(folder: Path, spec: Spec) -> list[GroupStatus]:
    """How far the study in the folder is by a spec that may have more widths, or iterations, than it was begun with."""
    study: Study = KINDS[spec.kind].study(folder, read_description(folder))
    study.spec = spec  # not the description's, which knows nothing of new widths yet
    return study.status()


def _command(spec: SpecSource, folder: Path, overrides: Sequence[str], scale: float) -> str:
    """The command that makes the study again; a spec that came from no file is in the folder, overrides applied."""
    address = address_of(folder)
    if not isinstance(spec, str | Path):  # of an address, spec.yaml is to be fetched from there first
        return shlex.join(["overgan", "run", SPEC if address else str(folder / SPEC), "--out", address or str(folder)])
    words = ["overgan", "run", str(spec), "--out", address or str(folder)]
    words += [word for override in overrides for word in ("--set", override)]
    words += ["--scale", f"{scale:g}"] if scale != 1 else []
    return shlex.join(words)


def _forget_unless_begun(folder: Path) -> None:
    """Remove the images of a study that was refused, for the next one in its folder may have others."""
    if not (folder / STUDY).exists():
        (folder / IMAGES).unlink(missing_ok=True)


def _lock(stack: ExitStack, folder: Path) -> None:
    if not stack.enter_context(try_lock(folder)):
        raise OverganError(
            f"{folder} is in use by another run; wait for it, or name another folder with {{argument}}", "out"
        )
