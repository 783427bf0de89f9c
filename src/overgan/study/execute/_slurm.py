"""The Slurm executor: a job array of groups, which go on when this process has ended."""

import getpass
import io
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, ClassVar

from overgan.errors import OverganError
from overgan.study._rounds import decides
from overgan.study.execute._environment import worker_environment
from overgan.study.execute._executor import Elsewhere, Job
from overgan.study.execute._options import check_options, check_package, gpus
from overgan.study.execute._sbatch import SLURM_GPUS, parse_sbatch, signal_seconds
from overgan.study.execute._slurm_job import SlurmGroup
from overgan.study.execute._slurm_jobs import SLURM, SlurmJob, slurm_jobs, write_jobs

PREFIX = "jobs-"  # of the folders of submitit's files
TIMEOUTS = 10**6  # that a group may have: there is no number of them that means something is wrong


class Slurm(Elsewhere):
    """A job a group, the widest first; each writes a checkpoint before its time limit and is queued again.

    Of a study that decides what to train next as many, each of which goes on from round to round.
    """

    detached = True
    cluster: ClassVar[str] = "slurm"  # submitit's name of it

    @classmethod
    def check(cls, job: Job) -> None:
        """Raise OverganError if submitit or Slurm is missing, or an option is wrong."""
        check_package("submitit")
        check_options(job, "slurm", ("gpus", "slurm"))
        for name, text in (("out", str(job.folder.resolve())), ("slurm", job.options.get("slurm", ""))):
            if "\n" in text:  # what follows would be a command in the script that sbatch is given
                raise OverganError(f"{{argument}}: {text!r} holds a line break, which Slurm cannot have", name)
        for program in ("sbatch", "srun", "squeue") if cls.cluster == "slurm" else ():
            if not shutil.which(program):
                raise OverganError(
                    f"{{argument}} slurm needs {program}, which is not on this machine; "
                    "run it on the login node of the cluster",
                    "executor",
                )
        cls.parameters(job)

    @classmethod
    def parameters(cls, job: Job) -> dict[str, Any]:
        """What submitit is told of the resources of a job. Raises OverganError for wrong options."""
        given = parse_sbatch(job.options.get("slurm", ""))
        count = gpus(job)
        if count and count < 1:
            raise OverganError(f"{{argument}} is {count:g}; Slurm gives whole GPUs", "gpus")
        if count and SLURM_GPUS & given.keys():
            raise OverganError("{argument} and GPUs of sbatch exclude each other; leave one out", "gpus")
        if count or (job.devices == ["cuda"] and not SLURM_GPUS & given.keys()):
            given["gpus_per_node"] = int(count or 1)
        return {
            "name": f"overgan-{job.folder.name}",
            "cpus_per_task": job.threads,
            "nodes": 1,
            "tasks_per_node": 1,
            "slurm_array_parallelism": job.workers,
            "slurm_signal_delay_s": signal_seconds(given["time"]),
            **{f"slurm_{key}": value for key, value in given.items()},
        }

    def start(self, job: Job) -> None:
        """Submit the groups that are not in the queue yet.

        Raises OverganError if Slurm refuses them, or what is in the queue is not known.
        """
        in_queue = [known for known in slurm_jobs(job.folder, surely=True) if known.state != "ended"]
        widths: list[int | None] = [*sorted(set(job.widths) - {known.width for known in in_queue}, reverse=True)]
        if decides(job.folder):
            widths = [None] * (job.workers - len(in_queue))
        if widths:
            folder = _fresh_folder(job.folder, keep={known.submission for known in in_queue})
            ids = self._submit(job, folder, widths)
            new = [SlurmJob(width=k, id=i, submission=folder.name) for k, i in zip(widths, ids, strict=True)]
            write_jobs(job.folder, getpass.getuser(), [*in_queue, *new])

    def working(self) -> bool:
        """No: the jobs need nobody who waits."""
        return False

    def stop(self) -> None:
        """The jobs go on."""

    def _submit(self, job: Job, folder: Path, widths: Sequence[int | None]) -> list[str]:
        import submitit

        environment = [f"{name}={value}" for name, value in worker_environment(job.threads).items()]
        # -P: else a random.py in the current folder would be imported for Python's own
        python = shlex.join(["env", *environment, sys.executable, "-P"])
        fixed: dict[str, Any] = {"python": python, "max_num_timeout": TIMEOUTS}
        executor = submitit.AutoExecutor(folder, self.cluster, **{f"{self.cluster}_{k}": v for k, v in fixed.items()})
        executor.update_parameters(**self.parameters(job))
        groups = [SlurmGroup(job.store, job.threads, job.devices[0], width) for width in widths]
        try:
            with redirect_stderr(io.StringIO()):  # submitit prints there what it raises
                jobs = executor.submit_array(groups)
        except (RuntimeError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            last_line = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise OverganError(f"{{argument}}: Slurm refuses the jobs ({last_line})", "slurm") from None
        _keep_links_within(folder)
        return [str(submitted.job_id) for submitted in jobs]


def _keep_links_within(folder: Path) -> None:
    """Make submitit's links relative: else the study, copied elsewhere, would have links that lead out of it."""
    for link in folder.iterdir():
        if link.is_symlink() and link.resolve().parent == folder.resolve():
            name = link.resolve().name
            link.unlink()
            link.symlink_to(name)


def _fresh_folder(study: Path, keep: set[str]) -> Path:
    """A new folder for submitit's files, so that it finds no other; those of jobs that have ended are removed."""
    place = study / SLURM
    if place.is_symlink():  # else what is beyond it could be removed
        raise OverganError(f"{place} is a link, which overgan did not make; remove it")
    place.mkdir(exist_ok=True)
    for old in place.glob(f"{PREFIX}*"):
        if not old.is_symlink() and old.name not in keep:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=place, prefix=PREFIX))
