"""The jobs of a study in Slurm's queue: which they are is in the study's folder, how they are says squeue."""

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.disk import read_json, write_json
from overgan.errors import OverganError

SLURM = "slurm"  # in the study's folder; submitit's files are in folders below, and are never read again
JOBS = "jobs.json"
RUNNING = {"RUNNING", "COMPLETING", "STAGE_OUT"}
SECONDS = 15.0  # for squeue to answer


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Known(_Strict):
    """A job, as jobs.json has it."""

    width: int | None
    id: str = Field(pattern=r"^\d+(_\d+)?$")
    submission: str = Field(pattern=r"^[\w-]+$")  # the folder of submitit's files


class _Jobs(_Strict):
    """The content of jobs.json."""

    user: str = Field(pattern=r"^[\w.][\w.@\\+$-]*$")  # who submitted them
    jobs: list[_Known]


@dataclass(frozen=True)
class SlurmJob:
    """A job that has, or had, the group of one width."""

    width: int | None  # None of one that takes, from round to round, what no other has
    id: str  # such as 42 or 42_0
    submission: str  # the folder of submitit's files, in the study's folder slurm
    state: str = "queued"  # queued, running, or ended

    @property
    def log(self) -> Path:
        """Its error output, in the study's folder."""
        return Path(SLURM, self.submission, f"{self.id}_0_log.err")


def slurm_jobs(folder: Path, *, surely: bool = False) -> list[SlurmJob]:
    """The jobs of the study in the folder, those that have ended included; none if it was never submitted.

    surely: whether a damaged jobs.json is an error; else a warning, and no job is known.

    Raises OverganError if squeue does not say how they are.
    """
    path = folder / SLURM / JOBS
    if not path.exists():
        return []
    try:
        known = _Jobs.model_validate(read_json(path))
    except (OverganError, ValidationError):
        what = f"{path} is damaged; no job in the queue is known"
        if surely:
            raise OverganError(f"{what}: end those of this study (scancel), remove it, and submit again") from None
        logging.getLogger(__name__).warning(f"overgan: {what}")
        return []
    states = _states(known.user)
    return [
        SlurmJob(job.width, job.id, job.submission, states.get(job.id, "ended"))
        for job in sorted(known.jobs, key=lambda job: job.width or 0)
    ]


def write_jobs(folder: Path, user: str, jobs: list[SlurmJob]) -> None:
    """Write down which jobs the study in the folder has."""
    known = [{"width": job.width, "id": job.id, "submission": job.submission} for job in jobs]
    write_json(folder / SLURM / JOBS, {"user": user, "jobs": known})


def _states(user: str) -> dict[str, str]:
    """By job, queued or running; those that have ended are left out."""
    command = ["squeue", f"--user={user}", "--array", "--noheader", "--format=%i|%T"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        raise OverganError(f"squeue does not say how the jobs are ({''.join(said)}); try again later") from None
    pairs = [line.strip().partition("|") for line in answer.splitlines()]
    return {job: "running" if state in RUNNING else "queued" for job, _, state in pairs if job}
