from ._executor import GRACE_SECONDS as GRACE_SECONDS, Executor as Executor, Job as Job, WorkerError as WorkerError
from ._executors import EXECUTORS as EXECUTORS
from ._groups import finish_groups as finish_groups
