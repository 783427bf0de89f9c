"""Studies: what to run, what is on disk, who runs it, what it means."""

from overgan.study._analysis import Recommendation, recommend
from overgan.study._load import load, load_spec, parse_spec, preset_names
from overgan.study._runner import WorkerError, run
from overgan.study._spec import Spec
from overgan.study._status import GroupStatus, seconds_left
from overgan.study._study import Study

__all__ = [
    "GroupStatus",
    "Recommendation",
    "Spec",
    "Study",
    "WorkerError",
    "load",
    "load_spec",
    "parse_spec",
    "preset_names",
    "recommend",
    "run",
    "seconds_left",
]
