"""What is wrong with the values of a spec, in one line."""

import json
from typing import Any, get_args

from pydantic import ValidationError

from overgan.errors import did_you_mean

LONGEST = 200  # characters of a value that an error shows


def explain(error: ValidationError, model: Any) -> str:
    """The first error of a pydantic model: which key, what it must be and what it is."""
    first = error.errors()[0]
    *parents, last = first["loc"] or ("the whole file",)
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        for parent in parents:  # a section, or an entry of a dictionary of sections
            model = model.model_fields[parent].annotation if hasattr(model, "model_fields") else get_args(model)[1]
        return f"unknown key {key}{did_you_mean(str(last), model.model_fields)}"
    if first["type"] == "missing":
        return f"{key} is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    if isinstance(first["input"], dict):  # a section whose keys do not go together, as the message says
        return f"{key}: {message}" if key else message
    given = json.dumps(first["input"])
    return f"{key or last}: {message}, but it is {given if len(given) <= LONGEST else f'{given[:LONGEST]}…'}"
