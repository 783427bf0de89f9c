from ._executor import Executor as Executor, Job as Job, WorkerError as WorkerError
from ._executors import EXECUTORS as EXECUTORS
from ._groups import finish_groups as finish_groups
