"""The executors; to add one is to add a line."""

from overgan.registry import Registry
from overgan.study.execute._executor import Executor

EXECUTORS: Registry[type[Executor]] = Registry(
    "executor",
    type,
    {
        "local": "overgan.study.execute._local:Local",
        "ray": "overgan.study.execute._ray:Ray",
        "slurm": "overgan.study.execute._slurm:Slurm",
    },
)
