"""A study's jobs in Slurm's queue, in words."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from overgan.cli._terminal import console
from overgan.disk import content_of
from overgan.stores import shown
from overgan.study import GroupStatus, SlurmJob, read_rounds, slurm_jobs
from overgan.words import counted, joined

if TYPE_CHECKING:
    from overgan.study import Study


def print_jobs(folder: Path, jobs: Sequence[SlurmJob], groups: Sequence[GroupStatus], of: str = "") -> None:
    """How the jobs are that have what is not finished; of: begins each line."""
    unfinished = {group.width for group in groups if not group.complete}
    rounds = read_rounds(folder)
    is_over = rounds is not None and rounds.is_over  # then those that have ended were to end
    for line in _lines(
        folder,
        [
            job
            for job in jobs
            if job.width in unfinished or (job.width is None and unfinished and not (is_over and job.state == "ended"))
        ],
    ):
        console.print(of + line)


def print_submitted(folder: Path, studies: Iterable["Study"]) -> None:
    """That the study in the folder, or those below it, go on without this process, and what to do next."""
    for study in studies:
        of = f"{study.folder.name}: " if study.folder != folder else ""
        print_jobs(study.folder, slurm_jobs(study.folder), study.status(), of)
    name = shlex.quote(shown(folder))
    console.print(f"next: overgan status {name} says how far it is, overgan report {name} shows what there is")
    console.print("the same command submits again what is left of jobs that ended before their work did")


def _lines(folder: Path, jobs: Sequence[SlurmJob]) -> Iterator[str]:
    for state in ("running", "queued"):
        found = [job for job in jobs if job.state == state]
        if found:
            numbers = joined(list(dict.fromkeys(job.id.partition("_")[0] for job in found)))
            yield f"{state} on Slurm, job {numbers}: {_what(found)}"
    for job in jobs:
        if job.state == "ended":
            whose = "a worker" if job.width is None else f"k = {job.width}"
            yield f"{whose}: its job {job.id} ended before its work did{_why(folder, job)}; {folder / job.log}"


def _what(jobs: Sequence[SlurmJob]) -> str:
    """What they work on: widths, or whatever is next."""
    widths = [job.width for job in jobs if job.width is not None]
    others = counted(len(jobs) - len(widths), "worker") if len(widths) < len(jobs) else ""
    return " and ".join(filter(None, [f"k = {joined(widths)}" if widths else "", others]))


def _why(folder: Path, job: SlurmJob) -> str:
    """The last line that overgan itself wrote into the job's output, which names a mistake of the user's."""
    try:
        lines = content_of(folder / job.log).decode(errors="replace").splitlines()
    except (OSError, ValueError):
        return ""
    said = [line.removeprefix("overgan: ") for line in lines if line.startswith("overgan: ")]
    return f" ({''.join(filter(str.isprintable, said[-1]))})" if said else ""
