"""How long a study takes on this machine: measured when that is asked for, and remembered."""

import json

from platformdirs import user_cache_path

from overgan.disk import notice, read_json, sha256, write_json
from overgan.errors import OverganError
from overgan.study._kinds import KINDS
from overgan.study._machine import machine, versions
from overgan.study._spec import Spec


def study_seconds(spec: Spec, *, measure: bool = False) -> float | None:
    """Seconds that a study takes on this machine, None if that was never measured.

    measure: measure it now, and remember it in the user's cache folder, for these versions and this machine.
    """
    path = user_cache_path("overgan") / "seconds.json"
    try:
        remembered = read_json(path, "times are measured anew") if path.exists() else {}
    except OverganError as error:
        notice(error.message, path)
        remembered = {}
    subject = [spec.model_dump(mode="json"), versions(), machine(workers=0)]
    key = sha256(json.dumps(subject, sort_keys=True).encode())
    if measure:
        remembered[key] = KINDS[spec.kind].seconds(spec)
        write_json(path, remembered)
    seconds: float | None = remembered.get(key)
    return seconds
