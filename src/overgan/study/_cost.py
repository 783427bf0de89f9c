"""How long a study's groups take on this machine: measured when that is asked for, and remembered."""

import json
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import TypeAdapter, ValidationError

from overgan.disk import read_json, sha256, write_json
from overgan.errors import OverganError
from overgan.study._kind import Paces
from overgan.study._kinds import KINDS
from overgan.study._machine import cores, machine, versions
from overgan.study._schedule import makespan
from overgan.study._spec import Spec

FREE = {"name", "figures", "tolerance", "scale"}  # keys on which nothing that is measured depends
REMEMBERED = TypeAdapter(dict[str, Paces])


def group_seconds(spec: Spec, *, threads: int = 1, measure: bool = False) -> dict[int, float] | None:
    """Seconds that the group of each width takes on this machine, None if that was never measured.

    threads: of a group.
    measure: measure it now, and remember it in the user's cache folder, for these versions and this machine.
    """
    cost, path = KINDS[spec.kind].cost, user_cache_path("overgan") / "paces.json"
    remembered = _remembered(path)
    depends_on = spec.model_dump(mode="json", exclude=dict.fromkeys(FREE, True) | cost.free)
    key = sha256(json.dumps([depends_on, threads, versions(), machine(workers=0)], sort_keys=True).encode())
    if measure:
        remembered[key] = cost.paces(spec, threads)
        with suppress(OSError):  # it is measured again next time
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, remembered)
    if key not in remembered:
        return None
    times = cost.times(spec, threads)
    return {
        width: sum(seconds * times.get(part, 0) for part, seconds in paces.items())
        for width, paces in remembered[key].items()
    }


def study_seconds(spec: Spec, workers: int | None = None, *, measure: bool = False) -> float | None:
    """Seconds that a study takes on this machine, None if that was never measured, which `measure` does now.

    workers: of one thread each, by default one a core.
    """
    if spec.parts:  # which are run in turn
        each = [study_seconds(part.spec, workers, measure=measure) for part in spec.parts.values()]
        return None if None in each else sum(seconds or 0.0 for seconds in each)
    groups = group_seconds(spec, measure=measure)
    return None if groups is None else makespan(sorted(groups.values(), reverse=True), workers or cores())


def _remembered(path: Path) -> dict[str, Paces]:
    """What was measured so far: nothing, if the file is missing or damaged, for it can be measured again."""
    with suppress(OverganError, ValidationError, OSError):
        if path.exists():
            return REMEMBERED.validate_python(read_json(path))
    return {}
