"""Anybody's results in a table."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from overgan.errors import OverganError

COLUMNS = ["k", "seed", "value"]


def read_values(path: str | Path) -> Mapping[int, np.ndarray]:
    """The values of each width, for `recommend`, from a CSV file with the columns k, seed and value.

    The values are numbers, or true and false. Other columns are left out.

    Raises OverganError if the file cannot be read, a column is missing, a row has no whole number as its k or no value,
    or a run occurs twice.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise OverganError(f"{path} cannot be read as CSV ({str(error).splitlines()[0]})") from None
    if missing := [column for column in COLUMNS if column not in table]:
        raise OverganError(f"{path} has no column {' and no '.join(missing)}; it needs k, seed and value")
    if table.empty:
        raise OverganError(f"{path} has no rows; it needs one a run")
    for column, kinds, expected in (("k", "iu", "a whole number"), ("value", "biuf", "a number, or true or false")):
        if table[column].dtype.kind not in kinds:
            wrong = pd.to_numeric(table[column], errors="coerce")
            row = int((wrong.isna() | (wrong % 1 != 0 if column == "k" else False)).argmax())
            raise OverganError(f"{path}, line {row + 2}: {column} is {table[column][row]}; it must be {expected}")
    for wrong, what in (
        (table.value.isna(), "value is missing; leave the row out or fill it in"),
        (table.duplicated(["k", "seed"]), "the same k and seed have occurred before; a run has one row"),
    ):
        if wrong.any():
            raise OverganError(f"{path}, line {int(wrong.to_numpy().argmax()) + 2}: {what}")
    return {int(k): table.value[table.k == k].to_numpy() for k in table.k.unique()}
