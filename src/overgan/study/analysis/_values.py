"""What `recommend` judges: of each width a number, or whether it succeeded, of each run; a diverged run is infinite."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from overgan.check import check
from overgan.errors import OverganError

LARGEST = 1e100  # of a value: its square must be a number, too

Values = Mapping[Any, Any]  # width -> an array or a sequence, with a number, or whether it succeeded, of each run
Runs = Mapping[int, Shaped[np.ndarray, " _"]]


def runs_by_width(values: Values) -> Runs:
    """The runs of each width that has some, the narrowest first: all of them numbers, or all of them booleans.

    Raises OverganError if there is none, all diverged, or they cannot be judged.
    """
    by_width = {_width(width): _of_one_width(width, of) for width, of in values.items()}
    runs = {width: by_width[width] for width in sorted(by_width) if len(by_width[width])}
    if not runs:
        raise OverganError("no width has a finished run yet; go on with the study first")
    if all(v.dtype.kind in "iu" and np.isin(v, (0, 1)).all() for v in runs.values()):
        raise OverganError(
            "all values are 0 or 1; give true and false if they say which runs succeeded, else 0.0 and 1.0"
        )
    booleans = [v.dtype == np.bool_ for v in runs.values()]
    if any(booleans) and not all(booleans):
        raise OverganError("values are numbers at some widths and true or false at others; give one kind")
    if all(booleans):
        return runs
    if not any(np.isfinite(v).any() for v in runs.values()):
        raise OverganError("all runs diverged, so no width is enough; smaller learning rates may help")
    return {width: v.astype(np.float64) for width, v in runs.items()}


def _width(key: Any) -> int:
    whole = isinstance(key, int | float | np.integer | np.floating) and float(key).is_integer() and key >= 1
    check(whole, "values", f"for a width of {key!r}", "for whole widths of at least 1")
    return int(key)


def _of_one_width(width: float, values: Any) -> Shaped[np.ndarray, " runs"]:
    message = f"the values of k = {width} must be one number, or true or false, a run"
    try:
        found = np.asarray(values if isinstance(values, np.ndarray) else list(values))
    except (TypeError, ValueError):  # no sequence, or one of sequences of several lengths
        raise OverganError(message) from None
    if found.size and (found.dtype.kind not in "biuf" or found.ndim != 1):
        raise OverganError(message)
    if found.dtype.kind == "f" and not (fine := (np.abs(found) <= LARGEST) | (found == np.inf)).all():
        raise OverganError(
            f"the values of k = {width} have {found[~fine][0]}; give inf for a run that diverged, and leave others "
            "without a number out"
        )
    return found
