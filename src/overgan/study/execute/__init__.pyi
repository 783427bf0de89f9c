from ._executor import (
    GRACE_SECONDS as GRACE_SECONDS,
    Elsewhere as Elsewhere,
    Executor as Executor,
    Job as Job,
    WorkerError as WorkerError,
)
from ._executors import EXECUTORS as EXECUTORS
from ._faults import refuse_vanished as refuse_vanished
from ._groups import finish_groups as finish_groups
from ._slurm_jobs import SlurmJob as SlurmJob, slurm_jobs as slurm_jobs
