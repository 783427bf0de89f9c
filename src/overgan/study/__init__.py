"""Studies: what to run, what is on disk, who runs it, what it means."""

from overgan.study._cost import study_seconds
from overgan.study._kind import Facts, Kind, Stopping, Work
from overgan.study._kinds import KINDS
from overgan.study._load import SpecSource, load, load_spec, parse_spec, preset_names
from overgan.study._machine import cores, machine, versions
from overgan.study._run import run
from overgan.study._show import reference_table, spec_yaml
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus, seconds_left
from overgan.study._store import Description, group_folder, write_description
from overgan.study._study import Study
from overgan.study.analysis import Recommendation, recommend, within_reach
from overgan.study.execute import EXECUTORS, Executor, Job, WorkerError, finish_groups

__all__ = [
    "EXECUTORS",
    "KINDS",
    "Description",
    "Executor",
    "Facts",
    "GroupStatus",
    "Job",
    "Kind",
    "Recommendation",
    "Spec",
    "SpecSource",
    "Stopping",
    "Study",
    "Work",
    "WorkerError",
    "cores",
    "finish_groups",
    "group_folder",
    "load",
    "load_spec",
    "machine",
    "parse_spec",
    "preset_names",
    "recommend",
    "reference_table",
    "run",
    "seconds_left",
    "spec_yaml",
    "study_seconds",
    "versions",
    "within_reach",
    "write_description",
]
