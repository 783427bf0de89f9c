"""What starts a study's groups, watches them and stops them."""

from overgan.study.execute._executor import Executor, Job, WorkerError
from overgan.study.execute._executors import EXECUTORS
from overgan.study.execute._groups import finish_groups

__all__ = ["EXECUTORS", "Executor", "Job", "WorkerError", "finish_groups"]
