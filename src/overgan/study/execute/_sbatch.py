"""The options of sbatch, as a user writes them: partition=gpu,time=4:00:00."""

import re
from typing import Any

from overgan.errors import OverganError, did_you_mean

# what submitit knows by these names, and the rest, which it passes on
NAMED = {"account", "comment", "constraint", "cpus_per_gpu", "dependency", "exclude", "exclusive", "gpus_per_node"}
NAMED |= {"gpus_per_task", "gres", "mail_type", "mail_user", "mem", "mem_per_cpu", "mem_per_gpu", "nodelist"}
NAMED |= {"partition", "qos", "time", "wckey"}
PASSED_ON = {"begin", "gpus", "licenses", "nice", "reservation", "tmp"}
SLURM_GPUS = {"gpus", "gpus_per_node", "gpus_per_task", "gres"}
OURS = {
    "array": "overgan's own",
    "cpus_per_task": "the number of threads: give --threads",
    "job_name": "the study's",
    "nodes": "1: a group runs on one machine",
    "ntasks": "1",
    "ntasks_per_node": "1",
    "signal": "overgan's own",
}
TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")
LONGEST_NOTICE = 300  # seconds for a checkpoint, before the time limit; an evaluation may come between


def parse_sbatch(text: str) -> dict[str, Any]:
    """Submitit's arguments for sbatch's options, KEY=VALUE with commas between them; a value may have commas, too.

    The time is in minutes. Raises OverganError for a wrong key or value, or without a time.
    """
    given: dict[str, Any] = {}
    for part in re.split(r",(?=\s*[\w-]+\s*=)", text) if text.strip() else []:
        key, equals, value = (word.strip() for word in part.partition("="))
        if not (key and equals and value):
            raise OverganError(f"{{argument}} {part}: write key=value, for example partition=gpu,time=4:00:00", "slurm")
        name = key.lstrip("-").replace("-", "_")
        if name in OURS:
            raise OverganError(f"{{argument}}: {key} is {OURS[name]}; leave it out", "slurm")
        if name not in NAMED | PASSED_ON:
            known = [option.replace("_", "-") for option in NAMED | PASSED_ON]
            raise OverganError(f"{{argument}}: no option {key}{did_you_mean(key, known)}", "slurm")
        given[name] = value
    if "time" not in given:
        raise OverganError(
            "{argument}: give the time limit of a job, such as time=4:00:00; at it, jobs are queued again", "slurm"
        )
    more = {key.replace("_", "-"): given.pop(key) for key in PASSED_ON & given.keys()}
    return given | {"time": _minutes(given["time"]), "additional_parameters": {"requeue": True, **more}}


def signal_seconds(minutes: int) -> int:
    """How long before its time limit a job is told to write a checkpoint."""
    return min(LONGEST_NOTICE, 60 * minutes // 4)


def _minutes(text: str) -> int:
    """Of sbatch's MINUTES, MINUTES:SECONDS, HOURS:MINUTES:SECONDS, DAYS-HOURS, DAYS-HOURS:MINUTES[:SECONDS]."""
    found = TIME.fullmatch(text)
    if not found:
        raise OverganError(
            f"{{argument}}: time={text} is none; write it as 4:00:00, or 2-12 for two and a half days", "slurm"
        )
    first, second, third = (int(found[name] or 0) for name in ("first", "second", "third"))
    if found["days"] is not None:
        hours, minutes, seconds = 24 * int(found["days"]) + first, second, third
    elif found["third"] is not None:
        hours, minutes, seconds = first, second, third
    else:
        hours, minutes, seconds = 0, first, second
    in_all = 60 * hours + minutes + (seconds > 0)
    if in_all < 1:
        raise OverganError(f"{{argument}}: time={text} is too short; give at least a minute", "slurm")
    return in_all
