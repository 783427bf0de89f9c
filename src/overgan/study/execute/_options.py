"""What executors of clusters are told beside the job."""

import math
from importlib.util import find_spec
from typing import Any

from overgan.check import check
from overgan.errors import OverganError
from overgan.study.execute._executor import Job


def check_package(package: str) -> None:
    """Raise OverganError if the package that the executor of the same name needs is missing."""
    if find_spec(package) is None:
        extra = {"submitit": "slurm"}.get(package, package)
        raise OverganError(
            f'{{argument}} {extra} needs a package; install it with pip install "overgan[{extra}]"', "executor"
        )


def check_options(job: Job, executor: str, known: tuple[str, ...]) -> None:
    """Raise OverganError for an option that the executor does not have."""
    for name in job.options:
        if name not in known:
            raise OverganError(f"{{argument}}: {executor} has no such option; leave it out", name)


def gpus(job: Job) -> float | None:
    """GPUs of each group, or its share of one; None if that was left out. Raises OverganError if it is no number."""
    given: Any = job.options.get("gpus")
    if given is None:
        return None
    is_number = isinstance(given, int | float) and 0 < given < math.inf
    check(is_number, "gpus", given, "above 0, such as 1, or 0.5 for half of one")
    check(given <= 1 or given == int(given), "gpus", given, "a share of one GPU or a whole number")
    check(job.devices != ["cpu"], "gpus", given, "left out where the device is cpu")
    return float(given)
