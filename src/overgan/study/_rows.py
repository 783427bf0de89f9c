"""Rows of a study's files, which may be anybody's: each is checked before it is counted with."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overgan.errors import OverganError


class Row(BaseModel):
    """A row of one run."""

    model_config = ConfigDict(extra="allow", strict=True)  # older versions wrote NaN and Infinity

    seed: int = Field(ge=0, lt=2**32)


def checked(rows: list[dict[str, Any]], model: type[Row], path: Path) -> list[dict[str, Any]]:
    """The rows of the file at path. Raises OverganError if one is not as the model has it."""
    for i, row in enumerate(rows, 1):
        try:
            model.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the row"
            raise OverganError(f"{path}, line {i}: {key}: {first['msg']}; restore the file from a copy") from None
    return rows
