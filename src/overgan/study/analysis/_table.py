"""Anybody's results in a table."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from overgan.errors import OverganError

COLUMNS = ["k", "seed", "value"]


def read_values(path: str | Path) -> Mapping[int, np.ndarray]:
    """The values of each width, for `recommend`, from a CSV file with the columns k, seed and value.

    The values are numbers, of a run that diverged inf or "diverged", or true and false. Other columns are left out.

    Raises OverganError if the file cannot be read, a column is missing, a row has no whole number as its k or no value,
    or a run occurs twice.
    """
    as_text: Any = {"dtype": str, "index_col": False, "skip_blank_lines": False, "skipinitialspace": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, **as_text).dropna(how="all")
    except pd.errors.ParserWarning:
        raise OverganError(f"{path} has rows with more fields than its first line names; name them all") from None
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise OverganError(f"{path} cannot be read as CSV ({str(error).splitlines()[0]})") from None
    if missing := [column for column in COLUMNS if column not in table]:
        raise OverganError(f"{path} has no column {' and no '.join(missing)}; it needs k, seed and value")
    if table.empty:
        raise OverganError(f"{path} has no rows; it needs one a run")
    truth = table.value.str.lower().map({"true": True, "false": False})
    numbers = table.value.where(table.value.str.lower() != "diverged", "inf")
    values = truth.astype(bool) if truth.notna().all() else pd.to_numeric(numbers, errors="coerce")
    k = pd.to_numeric(table.k, errors="coerce")
    seed = pd.to_numeric(table.seed, errors="coerce")
    runs = pd.DataFrame({"k": k, "seed": seed.astype(object).where(seed.notna(), table.seed)})  # 0 and 0.0 are one
    for column, wrong, mend in (
        ("k", k.isna() | (k % 1 != 0), "it must be a whole number"),
        ("value", table.value.isna(), "leave the row out or fill it in"),
        ("value", values.isna(), "it must be a number, diverged, or true or false in all rows"),
        ("k", runs.duplicated(), "it has occurred with this seed before; a run has one row"),
    ):
        if wrong.any():
            row: Any = wrong.idxmax()
            given = "missing" if pd.isna(table[column][row]) else table[column][row]
            raise OverganError(f"{path}, line {int(row) + 2}: {column} is {given}; {mend}")
    return {int(width): values[k == width].to_numpy() for width in k.unique()}
